"""The private PostgreSQL of the tests is real, and durable."""

import psycopg
import pytest


@pytest.mark.postgres
def test_private_postgres(postgres_url: str) -> None:
    """It takes connections, and a commit is on disk before it is answered."""
    with psycopg.connect(postgres_url) as connection:
        settings = connection.execute("SELECT name, setting FROM pg_settings").fetchall()

    assert {("fsync", "on"), ("synchronous_commit", "on")} <= set(settings)
