"""SQLite storage: one thread writes and commits all who wait at once, another reads."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from services.storage.migrations import migrate
from services.storage.protocol import Row, StorageUnavailable, T, Tx
from services.storage.works import Job, Outcome, WorkQueue, settle

# The wait of the first work in a batch for the last one; 256 small works take about 10 ms.
MAX_BATCH = 256
# How long to wait for another process that holds the file's write lock, before answering 503.
BUSY_TIMEOUT_S = 5
# RETURNING came with 3.35; both engines are written to in that dialect.
OLDEST_SQLITE = (3, 35, 0)
# Primary result codes that tell of the disk, the file or its locks, not of the statement.
ENGINE_FAILURES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


# Between tries to change the journal's mode, which takes others a millisecond or two.
LOCKED_PAUSE_S = 0.005


class SqliteTx:
    """A transaction on the one connection of a lane."""

    for_update = ""
    skip_locked = ""
    writes_in_with = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        """`connection` must be inside a transaction while works use this."""
        self._connection = connection

    def execute(self, sql: str, **params: object) -> list[Row]:
        """See Tx.execute."""
        cursor = self._connection.execute(sql, params)
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]

    def now_ms(self) -> int:
        """See Tx.now_ms: the only process that writes this file is the clock's owner."""
        return time.time_ns() // 1_000_000


class Lane:
    """A thread with a connection of its own that runs waiting works, all in one transaction."""

    def __init__(self, path: Path, *, writes: bool, busy_timeout_s: float) -> None:
        """A lane that does not write refuses to, and never waits for one that does."""
        self._path = path
        self._writes = writes
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None
        self.queue = WorkQueue()
        name = f"sqlite-{'writer' if writes else 'reader'}"
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end, which it does once the queue is closed and empty."""
        self._thread.join(timeout_s)

    def _serve(self) -> None:
        while jobs := self.queue.take(MAX_BATCH):
            settle(self._run_batch(jobs))
        self._drop_connection()

    def _run_batch(self, jobs: list[Job]) -> list[Outcome]:
        """Run all in one transaction: nobody is answered before the commit is on disk."""
        try:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")
            tx = SqliteTx(connection)
            outcomes = [_attempt(connection, tx, job) for job in jobs]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Rolls back whatever was begun; the next batch starts from a fresh connection.
            self._drop_connection()
            unavailable = StorageUnavailable(f"SQLite cannot do it now ({error}): repeat")
            return [Outcome(job, error=unavailable) for job in jobs]
        return outcomes

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, self._busy_timeout_s)
            if not self._writes:
                self._connection.execute("PRAGMA query_only = ON")
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _attempt(connection: sqlite3.Connection, tx: Tx, job: Job) -> Outcome:
    """Run one work in its savepoint, so that its failure undoes its own effects alone."""
    connection.execute("SAVEPOINT work")
    try:
        outcome = Outcome(job, result=job.work(tx))
    except Exception as error:  # whatever a work raises belongs to its caller
        if is_engine_failure(error):
            raise
        connection.execute("ROLLBACK TO work")
        outcome = Outcome(job, error=error)
    connection.execute("RELEASE work")
    return outcome


def is_engine_failure(error: BaseException) -> bool:
    """Tell a failure of disk, file or lock from a mistake in a statement."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and code is not None and code & 0xFF in ENGINE_FAILURES


def _use_wal(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Change the mode; those who change it at once are told "locked" without the wait they set."""
    give_up_at = time.monotonic() + busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up_at:
                raise
            time.sleep(LOCKED_PAUSE_S)
        else:
            return


def connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """Open the file so that a commit, once it returned, survives a loss of power."""
    connection = sqlite3.connect(
        path,
        timeout=busy_timeout_s,
        isolation_level=None,  # transactions are opened and ended here, never by the driver
        cached_statements=256,
    )
    try:
        _use_wal(connection, busy_timeout_s)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


class SqliteStorage:
    """The storage of a service in one file."""

    # Far longer than a batch and its fsync: after it, a thread that hangs on a dead disk is left.
    CLOSE_TIMEOUT_S = 10.0

    def __init__(self, path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Start the two lanes on a file that has been migrated."""
        self._writer = Lane(path, writes=True, busy_timeout_s=busy_timeout_s)
        self._reader = Lane(path, writes=False, busy_timeout_s=busy_timeout_s)

    async def run(self, work: Callable[[Tx], T]) -> T:
        """See Storage.run."""
        return await self._writer.queue.submit(work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """See Storage.read."""
        return await self._reader.queue.submit(work)

    async def close(self) -> None:
        """See Storage.close."""
        for lane in (self._writer, self._reader):
            lane.queue.close()
        for lane in (self._writer, self._reader):
            await asyncio.to_thread(lane.join, self.CLOSE_TIMEOUT_S)


async def open_sqlite(path: Path, service: str, migrations: Sequence[str]) -> SqliteStorage:
    """Create the file and its folder where missing, migrate it and start its threads.

    Raises RuntimeError when the SQLite library is too old, OSError or sqlite3.Error when the file
    cannot be used.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or later is needed")
    await asyncio.to_thread(_prepare, path, service, migrations)
    return SqliteStorage(path)


def _prepare(path: Path, service: str, migrations: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(path, BUSY_TIMEOUT_S)
    try:
        connection.execute("BEGIN IMMEDIATE")  # two processes that start at once take turns
        migrate(SqliteTx(connection), service, migrations)
        connection.execute("COMMIT")
    finally:
        connection.close()
