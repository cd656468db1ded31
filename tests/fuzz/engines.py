"""An empty storage on each engine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg


@contextmanager
def sqlite_url(folder: Path) -> Iterator[str]:
    """The URL of a file that is not there yet."""
    yield f"sqlite:///{folder}/fuzz.db"


@contextmanager
def postgres_url_of(server_url: str) -> Iterator[str]:
    """The URL of an empty database of this process, which is dropped in the end."""
    name = f"fuzz_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
