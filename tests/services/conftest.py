"""A fresh database per test, on both engines, and services in process or as real processes."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/service.db"
    url: str = request.getfixturevalue("postgres_database_url")
    return url


@pytest.fixture(scope="session")
def shared_database_url(postgres_url: str) -> str:
    """Give the URL of the one PostgreSQL database that these tests use in turn."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE services")
    return urlsplit(postgres_url)._replace(path="/services").geturl()


@pytest.fixture
def postgres_database_url(shared_database_url: str) -> str:
    """Give the URL of an empty PostgreSQL database.

    It is emptied, not made anew: that takes a tenth of the time. Whoever was left connected is
    thrown out first, or its locks would hold up the emptying.
    """
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        connection.execute(_THROW_OUT)
        connection.execute("ALTER DATABASE services RESET ALL")
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return shared_database_url


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
