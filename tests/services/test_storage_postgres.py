"""PostgreSQL alone: coming back after every kind of loss, and the commit whose answer is lost."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from services.answers import Answer, answers_ddl, once
from services.storage import Storage, StorageUnavailable, Tx, open_storage
from services.storage.link import Link

pytestmark = pytest.mark.postgres

TABLES = """
CREATE TABLE demo_rows (id TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO demo_rows (id, value) VALUES ('a', 0), ('b', 0);
"""
MIGRATIONS = [TABLES, answers_ddl("demo")]
# Long enough for a service that tries again twice a second, on a busy machine.
PATIENCE_S = 20


@pytest.fixture
async def storage(postgres_database_url: str) -> AsyncIterator[Storage]:
    """Give an open storage with two rows."""
    opened = await open_storage(postgres_database_url, "demo", MIGRATIONS)
    yield opened
    await opened.close()


def add_in_order(tx: Tx, *ids: str) -> None:
    """Add one to each row, one after the other."""
    for row_id in ids:
        tx.execute("UPDATE demo_rows SET value = value + 1 WHERE id = :id", id=row_id)


def values(tx: Tx) -> list[int]:
    """Return both values."""
    return [row["value"] for row in tx.execute("SELECT value FROM demo_rows ORDER BY id")]


async def until_available(storage: Storage) -> list[int]:
    """Ask until the storage answers."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(StorageUnavailable):
                return await storage.run(values)
            await asyncio.sleep(0.05)


async def test_deadlocks_are_retried(storage: Storage, postgres_database_url: str) -> None:
    """Of two works that wait for each other's row the server fails one, which is run again."""
    both_hold_one = threading.Barrier(2)
    runs: list[str] = []

    def crosswise(tx: Tx, first: str, second: str) -> None:
        runs.append(first)
        add_in_order(tx, first)
        if len(runs) <= both_hold_one.parties:
            both_hold_one.wait(PATIENCE_S)
        add_in_order(tx, second)

    def run_alone(first: str, second: str) -> None:
        link = Link(postgres_database_url, 0.0)
        link.run(lambda tx: crosswise(tx, first, second))
        link.drop()

    await asyncio.gather(
        asyncio.to_thread(run_alone, "a", "b"), asyncio.to_thread(run_alone, "b", "a")
    )

    assert 3 == len(runs)
    assert [2, 2] == await storage.run(values)


async def test_connections_that_were_cut_are_made_anew(
    storage: Storage, postgres_database_url: str
) -> None:
    """After the server closed every idle connection, works go through as if nothing had been."""
    await asyncio.gather(*(storage.run(values) for _ in range(16)))
    with psycopg.connect(postgres_database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await asyncio.gather(*(storage.run(lambda tx: add_in_order(tx, "a")) for _ in range(16)))

    assert [16, 0] == await storage.run(values)


async def test_a_server_that_comes_late_is_waited_for(postgres_database_url: str) -> None:
    """Before its database exists the storage opens and refuses; then it migrates and serves."""
    late = postgres_database_url + "_late"
    storage = await open_storage(late, "demo", MIGRATIONS)

    with pytest.raises(StorageUnavailable):
        await storage.run(values)

    with psycopg.connect(postgres_database_url, autocommit=True) as connection:
        name = sql.Identifier(late.rpartition("/")[2])
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        found = await until_available(storage)
        await storage.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    assert [0, 0] == found


async def test_commits_are_durable_whatever_the_servers_default(
    postgres_database_url: str,
) -> None:
    """A server that answers before the disk has it is told not to."""
    with psycopg.connect(postgres_database_url, autocommit=True) as connection:
        name = sql.Identifier(postgres_database_url.rpartition("/")[2])
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    storage = await open_storage(postgres_database_url, "demo", MIGRATIONS)
    shown = await storage.run(lambda tx: tx.execute("SHOW synchronous_commit"))
    await storage.close()

    assert [{"synchronous_commit": "on"}] == shown


class CuttingProxy:
    """A proxy that, once armed, delivers a COMMIT and cuts the line before its answer."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.armed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                threading.Thread(target=self._up, args=[client, server], daemon=True).start()
                threading.Thread(target=self._down, args=[server, client], daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), closing(server):
            while data := client.recv(65536):
                if self.armed.is_set() and b"COMMIT" in data:
                    self.armed.clear()
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    while server.recv(65536):  # the server carries it out; nobody hears of it
                        pass
                    return
                server.sendall(data)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), closing(client):
            while data := server.recv(65536):
                client.sendall(data)


@pytest.fixture
def proxy(postgres_database_url: str) -> Iterator[CuttingProxy]:
    """Give a proxy to the test's server."""
    parts = conninfo_to_dict(postgres_database_url)
    made = CuttingProxy(str(parts["host"]), int(str(parts["port"])))
    yield made
    made.close()


async def test_a_commit_whose_answer_is_lost_is_repeated_by_its_key(
    postgres_database_url: str, proxy: CuttingProxy
) -> None:
    """The outcome being unknown, the caller is refused; its repeat finds the first answer."""
    port = str(conninfo_to_dict(postgres_database_url)["port"])
    url = postgres_database_url.replace(f":{port}/", f":{proxy.port}/")
    storage = await open_storage(url, "demo", MIGRATIONS)

    def add_once(tx: Tx) -> Answer:
        def act() -> Answer:
            add_in_order(tx, "a")
            return Answer(200, {"values": values(tx)})

        return once(tx, service="demo", key="k", request={"add": "a"}, act=act)

    proxy.armed.set()
    with pytest.raises(StorageUnavailable, match="unknown"):
        await storage.run(add_once)

    await until_available(storage)
    answer = await storage.run(add_once)
    await storage.close()

    assert Answer(200, {"values": [1, 0]}) == answer
