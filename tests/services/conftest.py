"""A fresh database per test, on both engines, and services in process or as real processes."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from services.database.app import create_app
from tests.services.in_process import running
from tests.services.processes import Launch, RunningService, launch_service

_THROW_OUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database, once per engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/service.db"
    else:
        yield from _fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database."""
    yield from _fresh_database(postgres_url)


def _fresh_database(server_url: str) -> Iterator[str]:
    """Empty the one database that the tests of this session share: a new one costs ten times more.

    Whoever was left connected is thrown out first, or its locks would hold up the emptying.
    """
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(_THROW_OUT)
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    yield server_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a database service on a fresh database."""
    async with running(create_app, database_url) as client:
        yield client


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    """Give launch_service(); what it started and what still runs is killed at the end."""
    launched: list[RunningService] = []

    async def remember(name: str, database_url: str) -> RunningService:
        launched.append(await launch_service(name, database_url))
        return launched[-1]

    yield remember
    for service in launched:
        if service.process.returncode is None:
            await service.end(signal.SIGKILL)
