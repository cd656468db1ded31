"""What was answered is there: after kill -9 in mid-load, and after the end of the connections."""

import asyncio
import json
import signal
from collections.abc import Callable

import httpx
import psycopg

from tests.services.orders import finished, new_order
from tests.services.processes import Launch

# As many writers as wait for one commit.
WORKERS = 50
# Enough that the kill falls among commits, few enough for a second or two.
BEFORE_THE_KILL = 150
# Times that all connections of the service are cut.
CUTS = 10


class Load:
    """Workers that create and confirm orders and remember which of it was answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.well_under_way = asyncio.Event()
        self.created: set[str] = set()
        self.confirmed: set[str] = set()
        self.refused: list[int] = []

    async def run(self, until: Callable[[], bool]) -> None:
        """Work until told or until the service is gone."""
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            await asyncio.gather(*(self._work(client, n, until) for n in range(WORKERS)))

    async def _work(self, client: httpx.AsyncClient, n: int, until: Callable[[], bool]) -> None:
        turn = 0
        try:
            while not until():
                await self._one(client, f"o-{n}-{turn}")
                turn += 1
        except httpx.TransportError:
            return

    async def _one(self, client: httpx.AsyncClient, order_id: str) -> None:
        answer = await client.post("/orders", json=new_order(order_id, key=order_id))
        if answer.status_code != 201:
            self.refused.append(answer.status_code)
            return
        self.created.add(order_id)
        answer = await client.patch(f"/orders/{order_id}", json=finished())
        if answer.status_code == 200:
            self.confirmed.add(order_id)
        if len(self.confirmed) >= BEFORE_THE_KILL:
            self.well_under_way.set()


async def statuses(url: str) -> dict[str, str]:
    """Return the status of every order the service knows."""
    found: dict[str, str] = {}
    query: dict[str, str | int] = {"limit": 100}
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        while True:
            page = (await client.get("/orders", params=query)).json()
            found |= {record["id"]: record["status"] for record in page["items"]}
            if page["nextCursor"] is None:
                return found
            query["cursor"] = page["nextCursor"]


async def test_every_answered_write_outlives_a_kill(launch: Launch, database_url: str) -> None:
    """Killed in the middle of a load and started again, the service has all it answered for."""
    service = await launch("database", database_url)
    load = Load(service.url)

    async def kill() -> None:
        await load.well_under_way.wait()
        await service.end(signal.SIGKILL)

    await asyncio.gather(load.run(lambda: False), kill())
    found = await statuses((await launch("database", database_url)).url)

    assert load.created <= set(found)
    assert load.confirmed <= {i for i, status in found.items() if status == "CONFIRMED"}


async def test_every_answered_write_outlives_the_connections(
    launch: Launch, postgres_database_url: str
) -> None:
    """While PostgreSQL's connections are cut again and again, no answered write is lost."""
    service = await launch("database", postgres_database_url)
    load = Load(service.url)
    cuts = 0

    async def cut() -> None:
        nonlocal cuts
        connection = await psycopg.AsyncConnection.connect(postgres_database_url, autocommit=True)
        async with connection:
            for _ in range(CUTS):
                await connection.execute(
                    "SELECT pg_sleep(0.05), pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                cuts += 1

    await asyncio.gather(load.run(lambda: cuts == CUTS), cut())
    found = await statuses(service.url)

    assert load.created
    assert load.created <= set(found)
    assert load.confirmed <= {i for i, status in found.items() if status == "CONFIRMED"}
    assert {503} >= set(load.refused)


async def test_sigterm_finishes_what_is_in_flight(launch: Launch, database_url: str) -> None:
    """A request that had begun when SIGTERM came is answered, and the exit code is 0."""
    service = await launch("database", database_url)
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(service.url).port)
    body = json.dumps(new_order()).encode()
    writer.write(
        b"POST /orders HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body)
    )
    begun = await reader.readuntil(b"\r\n\r\n")  # the service waits for the body
    ended = asyncio.create_task(service.end(signal.SIGTERM))
    writer.write(body[:10])
    await asyncio.sleep(0)
    writer.write(body[10:])
    answer = await reader.readuntil(b"\r\n")
    writer.close()

    assert begun.startswith(b"HTTP/1.1 100")
    assert answer.startswith(b"HTTP/1.1 201")
    assert 0 == await ended
