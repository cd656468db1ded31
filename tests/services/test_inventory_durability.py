"""What the inventory has answered for survives the end of its process."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

ON_HAND = 10_000
CALLERS = 8
ANSWERED_BEFORE_KILL = 60
"""Enough that the kill falls into the middle of work of every kind, few enough to be quick."""


class Answers:
    """What the service has said, and the moment when it has said enough."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.status_by_id: dict[str, str] = {}
        self.enough = asyncio.Event()
        self._count = 0

    def note(self, answer: httpx.Response) -> None:
        """Remember the last thing said of a reservation."""
        self.status_by_id[answer.json()["id"]] = answer.json()["status"]
        self._count += 1
        if self._count == ANSWERED_BEFORE_KILL:
            self.enough.set()


async def sell_until_cut_off(client: httpx.AsyncClient, caller: int, answers: Answers) -> None:
    """Reserve and commit, one after the other, until the service is gone."""
    for n in range(ON_HAND):
        body = {"id": f"r-{caller}-{n}", "orderId": "o-1", "items": [{"sku": "SKU-1", "qty": 1}]}
        try:
            answers.note(await client.post("/reserve", json=body))
            answers.note(await client.post(f"/reservations/{body['id']}/commit"))
        except httpx.TransportError:
            return


async def reservations(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the status of every reservation, by id."""
    found: dict[str, str] = {}
    query: dict[str, str | int] = {"limit": 1000}
    while True:
        page = (await client.get("/reservations", params=query)).json()
        found |= {item["id"]: item["status"] for item in page["items"]}
        if page["nextCursor"] is None:
            return found
        query["cursor"] = page["nextCursor"]


async def test_kill_9(launch: Callable[..., Awaitable[Any]], database_url: str) -> None:
    """After a kill -9, every answered reserve and commit is there and the stock adds up."""
    service = await launch("inventory", database_url)
    answers = Answers()

    async def kill_in_the_middle() -> None:
        await answers.enough.wait()
        await service.end(signal.SIGKILL)

    async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
        await client.put("/stock/SKU-1", json={"onHand": ON_HAND})
        sellers = (sell_until_cut_off(client, caller, answers) for caller in range(CALLERS))
        await asyncio.gather(kill_in_the_middle(), *sellers)
    successor = await launch("inventory", database_url)
    async with httpx.AsyncClient(base_url=successor.url, timeout=30) as client:
        found = await reservations(client)
        stock = (await client.get("/stock/SKU-1")).json()
    statuses = list(found.values())
    committed = {name for name, status in answers.status_by_id.items() if status == "committed"}

    assert answers.status_by_id.keys() <= found.keys()
    assert {"committed"} == {found[name] for name in committed}
    assert (ON_HAND - statuses.count("committed"), statuses.count("reserved")) == (
        stock["onHand"],
        stock["reserved"],
    )
