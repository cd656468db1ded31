"""PostgreSQL storage: a few threads with a connection each; commits group in the server."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

import psycopg
from psycopg.conninfo import conninfo_to_dict

from services.logs import log_event, logger
from services.storage.link import Link
from services.storage.migrations import migrate
from services.storage.protocol import BadDatabaseUrl, StorageUnavailable, T, Tx
from services.storage.works import Job, Outcome, WorkQueue, settle

# Enough to keep a small server's disk busy with group commits; each costs the server a process.
CONNECTIONS = 8
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
        self._queue = WorkQueue()
        self._migrated = threading.Event()
        self._closing = threading.Event()
        self._threads = [self._thread(self._migrate_until_done)]
        self._threads += [self._thread(self._serve) for _ in range(CONNECTIONS)]

    async def run(self, work: Callable[[Tx], T]) -> T:
        """See Storage.run."""
        if not self._migrated.is_set():
            raise StorageUnavailable("PostgreSQL has not been reached yet: repeat later")
        return await self._queue.submit(work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """See Storage.read: PostgreSQL's readers never wait for writers as it is."""
        return await self.run(work)

    async def wait_migrated(self, timeout_s: float) -> None:
        """Wait for the schema, but no longer than `timeout_s`."""
        await asyncio.to_thread(self._migrated.wait, timeout_s)

    async def close(self) -> None:
        """See Storage.close."""
        self._closing.set()
        self._queue.close()
        until = time.monotonic() + CLOSE_TIMEOUT_S
        for thread in self._threads:
            await asyncio.to_thread(thread.join, max(0.0, until - time.monotonic()))

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"{self._service}-postgres", daemon=True)
        thread.start()
        return thread

    def _serve(self) -> None:
        link = Link(self._url, RETRY_PAUSE_S)
        while jobs := self._queue.take(1):
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


def _outcome(link: Link, job: Job) -> Outcome:
    try:
        return Outcome(job, result=link.run(job.work))
    except Exception as error:  # noqa: BLE001 - whatever a work raises belongs to its caller
        return Outcome(job, error=error)


async def open_postgres(url: str, service: str, migrations: Sequence[str]) -> PostgresStorage:
    """Start a storage on `url`; where the server is away, it goes on trying in the background."""
    storage = PostgresStorage(url, service, migrations)
    await storage.wait_migrated(START_WAIT_S)
    return storage
