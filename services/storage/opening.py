"""From a DATABASE_URL to an open storage."""

from collections.abc import Sequence
from pathlib import Path

from services.storage.protocol import BadDatabaseUrl, Storage
from services.storage.sqlite import open_sqlite

SQLITE_PREFIX = "sqlite:///"
POSTGRES_PREFIXES = ("postgresql://", "postgres://")
EXPECTED = (
    "use sqlite:///relative/path.db, sqlite:////absolute/path.db or "
    "postgresql://user:password@host:5432/name"
)


def check_url(url: str) -> None:
    """Raise BadDatabaseUrl, with what to write instead, unless `url` has a form we can open."""
    if url.startswith(POSTGRES_PREFIXES):
        _check_postgres(url)
    elif not url.startswith(SQLITE_PREFIX):
        scheme = url.partition(":")[0]
        raise BadDatabaseUrl(f"DATABASE_URL starts with {scheme!r}: {EXPECTED}")
    elif not url.removeprefix(SQLITE_PREFIX) or url.endswith((":memory:", "/")):
        raise BadDatabaseUrl(f"DATABASE_URL names no file, and storage must outlive us: {EXPECTED}")


def _check_postgres(url: str) -> None:
    from services.storage.postgres import check_conninfo  # noqa: PLC0415 - SQLite needs no driver

    check_conninfo(url)


async def open_storage(url: str, service: str, migrations: Sequence[str]) -> Storage:
    """Open the storage at `url` and run the migrations of `service` that it has not seen.

    Two processes may do so at once. A PostgreSQL that is not there yet is tried again in the
    background, and `run` raises StorageUnavailable meanwhile. Raises BadDatabaseUrl.
    """
    check_url(url)
    if url.startswith(SQLITE_PREFIX):
        return await open_sqlite(Path(url.removeprefix(SQLITE_PREFIX)), service, migrations)
    from services.storage.postgres import open_postgres  # noqa: PLC0415 - SQLite needs no driver

    return await open_postgres(url, service, migrations)
