"""One thread's connection to PostgreSQL: transactions, retries, and coming back after a loss."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import errors

from services.storage.placeholders import to_pyformat
from services.storage.protocol import BulkWork, Row, StorageUnavailable, T, Tx
from services.storage.works import Job, Outcome

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

# A deadlock leaves one survivor each time, so a handful of tries is enough for any crowd of ours.
ATTEMPTS = 6
# How a batch is tried: with works that are alike in bulk; then one after the other, so that it can
# be told who harms the others; after the second of these they are many, and each goes alone.
BULK_AT = (True, False, False)
# The pause before a retry grows from this, jittered, so that the two do not meet again.
FIRST_PAUSE_S = 0.005
CONNECT_TIMEOUT_S = 3
# Below the five seconds after which callers give up.
LOCK_TIMEOUT_MS = 4_000
# What a batch waits for a row that another transaction has: its commit is a matter of
# milliseconds. Far below PostgreSQL's deadlock_timeout (1 s), so that two batches which want each
# other's rows part before the server has to.
STEP_ASIDE_MS = 50
# Bounds on how long a statement, a lock wait or a silent peer may hold a thread, in milliseconds;
# below the five seconds after which callers give up, where it can be.
SESSION = (
    "SET statement_timeout = 10000",
    "SET idle_in_transaction_session_timeout = 10000",
    "SET default_transaction_isolation = 'read committed'",
    # A plan is kept until a table is analyzed. One made while there were few rows would read all of
    # them, and go on so when there are a thousand times as many.
    "SET enable_seqscan = off",
    # Answered means durable, whatever the server's default is.
    """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')
    """,
)
PEER_TIMEOUT_MS = 10_000
RETRIED = (errors.SerializationFailure, errors.DeadlockDetected)
# A primary that became a standby refuses writes: this connection is to the wrong server.
WRONG_SERVER = errors.ReadOnlySqlTransaction
# One message to the server: the transaction and the time at which it began.
BEGIN = b"BEGIN; SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
BEGIN_READING = BEGIN.replace(b"BEGIN", b"BEGIN READ ONLY", 1)


class PostgresTx:
    """A transaction on the connection of one thread."""

    for_update = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"
    writes_in_with = True

    def __init__(self, cursor: Cursor, now_ms: int) -> None:
        """`now_ms` is the server's clock when the transaction began."""
        self._cursor = cursor
        self._now_ms = now_ms
        self.wrote = False

    @property
    def lost(self) -> bool:
        """Whether the connection has gone, and the transaction with it."""
        return self._cursor.connection.closed

    def execute(self, sql: str, **params: object) -> list[Row]:
        """See Tx.execute."""
        cursor = self._cursor.execute(to_pyformat(sql), params)
        if cursor.rowcount and not sql.startswith("SELECT"):
            self.wrote = True
        if cursor.rownumber is None:  # there is nothing to fetch, not even no rows
            return []
        names = _COLUMNS.get(sql)
        if names is None:
            names = _COLUMNS[sql] = _names(cursor)
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]

    def now_ms(self) -> int:
        """See Tx.now_ms: asked once for all works of a transaction, after they were submitted."""
        return self._now_ms


_COLUMNS: dict[str, tuple[str, ...]] = {}
# The columns of each statement's rows, which its text decides. To ask the cursor every time, as its
# row factories do, is a seventh of what a write costs this process.


def _names(cursor: Cursor) -> tuple[str, ...]:
    return tuple(column.name for column in cursor.description or ())


class Link:
    """Runs works on one connection, which is opened when needed and dropped when in doubt."""

    def __init__(self, url: str, pause_s: float, *, lock_timeout_ms: int = LOCK_TIMEOUT_MS) -> None:
        """After a failure to connect, the next `pause_s` seconds refuse at once."""
        self._url = url
        self._pause_s = pause_s
        self._lock_timeout_ms = lock_timeout_ms
        self._connection: Connection | None = None
        self._not_before = 0.0

    def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction and commit it.

        What is certain not to have been committed is tried again where that helps. Raises
        StorageUnavailable when the server cannot be had or the outcome of a commit is unknown, and
        whatever `work` raises.
        """
        for attempt in range(ATTEMPTS):
            connection = self._connect()
            try:
                cursor = connection.cursor()
                result = work(_begun(cursor, BEGIN))
            except RETRIED:
                self._rollback(connection)
                time.sleep(FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
            except (psycopg.OperationalError, psycopg.InterfaceError, WRONG_SERVER) as error:
                self._give_up_unless_stale(connection, error)
            except BaseException:
                self._rollback(connection)
                raise
            else:
                self._commit(cursor)
                return result
        raise StorageUnavailable("the transaction met others again and again: repeat")

    def run_together(
        self, jobs: Sequence[Job], *, reading: bool = False
    ) -> tuple[list[Outcome], list[Job]]:
        """Run all in one transaction and commit it; what is returned second is to be run alone.

        Works that are alike are run in bulk first, and those which that leaves over with the rest.
        A work that harms the others (it broke the transaction, or failed having written) is taken
        out, and the others begin anew without it. Raises StorageUnavailable when the server cannot
        be had or the outcome of the commit is unknown: that is so for all of them then.
        """
        together, alone = list(jobs), list[Job]()
        for bulk in BULK_AT:
            connection = self._connect()
            try:
                cursor = connection.cursor()
                tx = _begun(cursor, BEGIN_READING if reading else BEGIN)
                outcomes = _in_bulk(tx, together) if bulk else {}
                for job in together:
                    if job not in outcomes:
                        outcomes[job] = _outcome(tx, job)
            except _BulkBrokeError:
                self._rollback(connection)
            except _HarmedError as harm:
                self._rollback(connection)
                together.remove(harm.job)
                alone.append(harm.job)
            except psycopg.Error as error:
                self._give_up_unless_stale(connection, error)
            except BaseException:
                self._rollback(connection)
                raise
            else:
                self._commit(cursor)
                return list(outcomes.values()), alone
        return [], [*alone, *together]

    def drop(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _give_up_unless_stale(self, connection: Connection, error: psycopg.Error) -> None:
        """Let a work whose connection had died run again; refuse for any other trouble."""
        stale = connection.closed
        self.drop()
        if not stale:
            raise StorageUnavailable(f"PostgreSQL cannot do it now ({_reason(error)})") from error

    def _commit(self, cursor: Cursor) -> None:
        try:
            cursor.execute(b"COMMIT", prepare=False)
        except psycopg.Error as error:
            self.drop()
            raise StorageUnavailable("the outcome of the commit is unknown: repeat") from error
        if cursor.statusmessage != "COMMIT":  # so the server ends one that had failed
            raise StorageUnavailable("the transaction had failed and was rolled back: repeat")

    def _rollback(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except psycopg.Error:
            self.drop()

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        return self._connection

    def _open(self) -> Connection:
        if time.monotonic() < self._not_before:
            raise StorageUnavailable("PostgreSQL could not be reached a moment ago")
        try:
            return open_connection(self._url, self._lock_timeout_ms)
        except psycopg.Error as error:
            self._not_before = time.monotonic() + self._pause_s
            raise StorageUnavailable(f"PostgreSQL cannot be reached ({_reason(error)})") from error


class _HarmedError(Exception):
    """A work broke the transaction of all."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


class _BulkBrokeError(Exception):
    """One of several broke the transaction, and it cannot be told which."""


def _in_bulk(tx: PostgresTx, jobs: Sequence[Job]) -> dict[Job, Outcome]:
    """Run what is there more than once by one statement; the outcomes of those for whom it did."""
    alike: dict[object, list[tuple[Job, BulkWork[Any, Any]]]] = {}
    for job in jobs:
        if isinstance(job.work, BulkWork):
            alike.setdefault(job.work.bulk, []).append((job, job.work))
    outcomes = {}
    for group in alike.values():
        if len(group) > 1:
            results = _results(tx, [work for _, work in group])
            for (job, _), result in zip(group, results, strict=True):
                if result is not None:
                    outcomes[job] = Outcome(job, result=result)
    return outcomes


def _results(tx: PostgresTx, works: Sequence[BulkWork[Any, Any]]) -> Sequence[Any]:
    try:
        return works[0].bulk(tx, [work.item for work in works])
    except Exception as error:
        raise _BulkBrokeError from error


def _outcome(tx: PostgresTx, job: Job) -> Outcome:
    """Run one of many in a transaction; a refusal that changed nothing harms nobody."""
    tx.wrote = False
    try:
        return Outcome(job, result=job.work(tx))
    except psycopg.Error as error:
        if tx.lost:
            raise
        raise _HarmedError(job) from error
    except Exception as error:  # whatever a work raises belongs to its caller
        if tx.wrote:
            raise _HarmedError(job) from error
        return Outcome(job, error=error)


def _begun(cursor: Cursor, begin: bytes) -> PostgresTx:
    """Begin a transaction that this module ends itself: the connection is in autocommit mode."""
    cursor.execute(begin, prepare=False)
    cursor.nextset()
    ((now_ms,),) = cursor.fetchall()
    return PostgresTx(cursor, now_ms)


def open_connection(url: str, lock_timeout_ms: int = LOCK_TIMEOUT_MS) -> Connection:
    """Connect and set the bounds of the session."""
    connection: Connection = psycopg.connect(
        url,
        connect_timeout=CONNECT_TIMEOUT_S,
        tcp_user_timeout=PEER_TIMEOUT_MS,
        autocommit=True,
        application_name="order-saga services",
    )
    for statement in (*SESSION, f"SET lock_timeout = {lock_timeout_ms}"):
        connection.execute(statement.encode())
    return connection


def _reason(error: psycopg.Error) -> str:
    """Return the kind of the error: its text may name hosts and users."""
    return error.sqlstate or type(error).__name__
