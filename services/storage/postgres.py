"""PostgreSQL storage: one thread writes and commits all who wait at once, others read.

Several processes may work on one database: what a work decides, it decides by conditional
statements and row locks. A work that waits long for another process's row is taken out of its batch
and run alone, so that it holds up nobody.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import psycopg
from psycopg.conninfo import conninfo_to_dict

from services.logs import log_event, logger
from services.storage.link import STEP_ASIDE_MS, Link
from services.storage.migrations import migrate
from services.storage.protocol import BadDatabaseUrl, StorageUnavailable, T, Tx
from services.storage.works import Job, Outcome, WorkQueue, settle

# Works of one transaction. Those that wait while one is on its way to the disk share the next, and
# 64 small works take about as long as it does; more would only make the first wait for the last.
MAX_BATCH = 64
# One connection gathers all writes: with two, each would find half as many waiting, and works on
# one row would meet across them (docs/performance/storage.md has the figures).
WRITERS = 1
# For works that wait for rows which other processes have, or that break: each alone.
LONE_WRITERS = 3
# Reads take no locks and wait for nobody.
READERS = 1
# How long start-up waits for the schema before it goes on without (requests get 503 meanwhile).
START_WAIT_S = 5.0
# Between tries to reach a server that is away: soon enough after its return, no load on it.
RETRY_PAUSE_S = 0.5
# Works still running at the end get this long; then their threads are left to the process's end.
CLOSE_TIMEOUT_S = 10.0
# Any number, the same in all our processes: the advisory lock under which schemas change.
MIGRATION_LOCK = 8_004_000_001


def check_conninfo(url: str) -> None:
    """Raise BadDatabaseUrl unless libpq can read `url`."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error as error:
        # libpq's message names the part that is wrong, not the password.
        raise BadDatabaseUrl(f"DATABASE_URL cannot be read: {str(error).strip()}") from error
    for port in str(parts.get("port", "")).split(","):  # one per host; libpq reads them late
        if port and not port.isdecimal():
            raise BadDatabaseUrl(f"DATABASE_URL has the port {port!r}: it must be a number")


class PostgresStorage:
    """The storage of a service in a PostgreSQL database, which other services may share."""

    def __init__(self, url: str, service: str, migrations: Sequence[str]) -> None:
        """Start the threads; works are refused until the migrations have run."""
        self._url = url
        self._service = service
        self._migrations = migrations
        self._writes, self._alone, self._reads = WorkQueue(), WorkQueue(), WorkQueue()
        self._migrated = threading.Event()
        self._closing = threading.Event()
        self._threads = [self._thread(self._migrate_until_done)]
        self._threads += [self._thread(self._read) for _ in range(READERS)]
        self._writers = [self._thread(self._write) for _ in range(WRITERS)]
        self._lone_writers = [self._thread(self._write_alone) for _ in range(LONE_WRITERS)]

    async def run(self, work: Callable[[Tx], T]) -> T:
        """See Storage.run."""
        return await self._submit(self._writes, work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """See Storage.read: what is visible in PostgreSQL is durable."""
        return await self._submit(self._reads, work)

    async def _submit(self, queue: WorkQueue, work: Callable[[Tx], T]) -> T:
        if not self._migrated.is_set():
            raise StorageUnavailable("PostgreSQL has not been reached yet: repeat later")
        return await queue.submit(work)

    async def wait_migrated(self, timeout_s: float) -> None:
        """Wait for the schema, but no longer than `timeout_s`."""
        await asyncio.to_thread(self._migrated.wait, timeout_s)

    async def close(self) -> None:
        """See Storage.close."""
        self._closing.set()
        until = time.monotonic() + CLOSE_TIMEOUT_S
        self._reads.close()
        self._writes.close()
        await _join([*self._threads, *self._writers], until)
        self._alone.close()  # the writers have no more to give to it
        await _join(self._lone_writers, until)

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"{self._service}-postgres", daemon=True)
        thread.start()
        return thread

    def _read(self) -> None:
        link = Link(self._url, RETRY_PAUSE_S)
        while jobs := self._reads.take(MAX_BATCH):
            outcomes, rest = _together(link, jobs, reading=True)
            settle([*outcomes, *(_outcome(link, job) for job in rest)])
        link.drop()

    def _write(self) -> None:
        link = Link(self._url, RETRY_PAUSE_S, lock_timeout_ms=STEP_ASIDE_MS)
        while jobs := self._writes.take(MAX_BATCH):
            outcomes, rest = _together(link, jobs)
            settle([*outcomes, *self._put_aside(rest)])
        link.drop()

    def _put_aside(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Hand jobs to the lone writers, and give the outcomes of those they cannot take."""
        for job in jobs:
            try:
                self._alone.put(job)
            except StorageUnavailable as error:
                yield Outcome(job, error=error)

    def _write_alone(self) -> None:
        link = Link(self._url, RETRY_PAUSE_S)
        while jobs := self._alone.take(1):
            settle([_outcome(link, job) for job in jobs])
        link.drop()

    def _migrate_until_done(self) -> None:
        link = Link(self._url, 0.0)
        while not self._closing.is_set() and not self._migrated_now(link):
            self._closing.wait(RETRY_PAUSE_S)
        link.drop()

    def _migrated_now(self, link: Link) -> bool:
        try:
            link.run(self._migrate)
        except StorageUnavailable as error:
            log_event("waiting for PostgreSQL", service=self._service, reason=str(error))
            return False
        except Exception:  # noqa: BLE001 - not ready, and the log says why; the next try may be
            logger.exception("migration failed", extra={"fields": {"service": self._service}})
            return False
        self._migrated.set()
        return True

    def _migrate(self, tx: Tx) -> None:
        # Processes that start at once take turns: the lock is held until this commits.
        tx.execute("SELECT pg_advisory_xact_lock(:number)", number=MIGRATION_LOCK)
        migrate(tx, self._service, self._migrations)


def _together(
    link: Link, jobs: Sequence[Job], *, reading: bool = False
) -> tuple[list[Outcome], list[Job]]:
    """Return the outcomes, and the jobs that are to be run alone."""
    try:
        return link.run_together(jobs, reading=reading)
    except Exception as error:  # noqa: BLE001 - each caller is told, and the thread goes on
        return [Outcome(job, error=error) for job in jobs], []


def _outcome(link: Link, job: Job) -> Outcome:
    try:
        return Outcome(job, result=link.run(job.work))
    except Exception as error:  # noqa: BLE001 - whatever a work raises belongs to its caller
        return Outcome(job, error=error)


async def _join(threads: Sequence[threading.Thread], until: float) -> None:
    for thread in threads:
        await asyncio.to_thread(thread.join, max(0.0, until - time.monotonic()))


async def open_postgres(url: str, service: str, migrations: Sequence[str]) -> PostgresStorage:
    """Start a storage on `url`; where the server is away, it goes on trying in the background."""
    storage = PostgresStorage(url, service, migrations)
    await storage.wait_migrated(START_WAIT_S)
    return storage
