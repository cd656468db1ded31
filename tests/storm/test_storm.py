"""Replicas and the database service die, sleep and are cut off; afterwards section 5 holds."""

import gc
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.storm.report import Result
from tests.storm.storm import storm
from tests.storm.world import Plan

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
"""httpcore leaves a connection that is reset while it is being made to the garbage collector."""

_SECONDS: Final = 16.0
"""Long enough for a replica to sleep beyond its lease and wake up again. Longer ones, with seeds of
their own, are run with `python -m tests.storm`."""


@pytest.fixture
def fresh_database_url(postgres_url: str) -> Iterator[str]:
    """Give a database of its own: orders that others left would be recovered, and counted."""
    name = f"storm_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


async def test_on_sqlite(tmp_path: Path) -> None:
    """Nothing is violated, though every kind of fault and blow has struck."""
    result = await storm(Plan(seed=7, seconds=_SECONDS), tmp_path)

    _judge(result)


@pytest.mark.postgres
async def test_on_postgres(fresh_database_url: str, tmp_path: Path) -> None:
    """It makes no difference where the database service keeps its orders."""
    result = await storm(Plan(seed=8, seconds=_SECONDS, database_url=fresh_database_url), tmp_path)

    _judge(result)


def _judge(result: Result) -> None:
    """Fail with everything that is known; a storm that was none is a failure as well."""
    gc.collect()  # sockets that httpcore lost in a reset are this test's, not the next one's
    if result.violations:
        pytest.fail(result.text(), pytrace=False)
    missing = result.missing()
    if missing:
        pytest.fail("\n".join(["too little of a storm:", *missing, result.text()]), pytrace=False)
