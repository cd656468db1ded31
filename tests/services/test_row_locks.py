"""Two transactions on one row under PostgreSQL: neither overwrites what the other has done.

Races are made, not hoped for: the test holds the row's lock until both contenders wait for it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import LiteralString

import httpx
import psycopg
import pytest

from services.inventory.app import create_app as inventory_app
from services.payment.app import create_app as payment_app
from services.shipping.app import create_app as shipping_app
from tests.services.in_process import code_of, running

PATIENCE_S = 10
"""How long a condition may take to come true on a busy machine before the test gives up."""
ITEMS = [{"sku": "SKU-1", "qty": 1}]
ADDRESS = {"line1": "1 Main Street", "city": "Pune", "country": "IN", "postalCode": "411001"}
WAITING: LiteralString = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def held(database_url: str, lock: LiteralString) -> AsyncIterator[psycopg.AsyncConnection]:
    """Hold a row's lock inside the block; gives a connection of its own to watch from."""
    async with (
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as watcher,
        await psycopg.AsyncConnection.connect(database_url) as holder,
    ):
        await holder.execute(lock)
        yield watcher


async def race(
    database_url: str, lock: LiteralString, *contenders: Awaitable[httpx.Response]
) -> list[httpx.Response]:
    """Start the contenders one after the other, and let them go when all of them wait."""
    racing: list[asyncio.Future[httpx.Response]] = []
    async with held(database_url, lock) as watcher, asyncio.timeout(PATIENCE_S):
        for contender in contenders:
            racing.append(asyncio.ensure_future(contender))
            while await waiting(watcher) < len(racing):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    return list(await asyncio.gather(*racing))


async def waiting(watcher: psycopg.AsyncConnection) -> int:
    """Count the transactions that wait for a lock."""
    row = await (await watcher.execute(WAITING)).fetchone()

    assert row is not None
    return int(row[0])


async def test_capture_and_refund(postgres_database_url: str) -> None:
    """Of a capture and a refund, the later sees what the earlier did, and the money is back."""
    async with running(payment_app, postgres_database_url) as client:
        body = {"id": "p-1", "orderId": "o-1", "amount": "999.00", "currency": "INR"}
        await client.post("/payments", json=body)
        _, refunded = await race(
            postgres_database_url,
            "SELECT 1 FROM payment_payments FOR UPDATE",
            client.post("/payments/p-1/capture"),
            client.post("/payments/p-1/refund"),
        )
        sums = (await client.get("/ledger")).json()["currencies"]["INR"]

    assert 200 == refunded.status_code
    assert ("0.00", "0.00") == (sums["held"], sums["net"])
    assert sums["captured"] == sums["refunded"]


async def test_commit_and_release(postgres_database_url: str) -> None:
    """Of a commit and a release, the later sees what the earlier did, and the unit is back."""
    async with running(inventory_app, postgres_database_url) as client:
        await client.put("/stock/SKU-1", json={"onHand": 5})
        await client.post("/reserve", json={"id": "r-1", "orderId": "o-1", "items": ITEMS})
        _, released = await race(
            postgres_database_url,
            "SELECT 1 FROM inventory_reservations FOR UPDATE",
            client.post("/reservations/r-1/commit"),
            client.post("/reservations/r-1/release"),
        )
        stock = (await client.get("/stock/SKU-1")).json()

    assert 200 == released.status_code
    assert (5, 0) == (stock["onHand"], stock["reserved"])


async def test_sweep_and_release(postgres_database_url: str) -> None:
    """A sweep that meets a release under way waits for it, and gives back only what is left."""
    async with running(
        inventory_app, postgres_database_url, reservation_ttl_s=0.001, sweep_interval_s=3_600
    ) as client:
        await client.put("/stock/SKU-1", json={"onHand": 2})
        await client.put("/stock/EMPTY", json={"onHand": 0})
        for name in ("r-1", "r-2"):
            await client.post("/reserve", json={"id": name, "orderId": "o-1", "items": ITEMS})
        await until_expired(client, "r-2")
        items = [{"sku": "EMPTY", "qty": 1}]
        released, short = await race(
            postgres_database_url,
            "SELECT 1 FROM inventory_stock WHERE sku = 'SKU-1' FOR UPDATE",
            client.post("/reservations/r-1/release"),
            # It runs short, so it sweeps before it answers.
            client.post("/reserve", json={"id": "r-3", "orderId": "o-1", "items": items}),
        )
        stock = (await client.get("/stock/SKU-1")).json()

    assert 200 == released.status_code
    assert (409, "out_of_stock") == code_of(short)
    assert (2, 0) == (stock["onHand"], stock["reserved"])


async def until_expired(client: httpx.AsyncClient, name: str) -> None:
    """Wait until a reservation has run out."""
    async with asyncio.timeout(PATIENCE_S):
        while (await client.get(f"/reservations/{name}")).json()["status"] != "expired":  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_dispatch_and_cancel(postgres_database_url: str) -> None:
    """Of a dispatch and a cancel, one wins, and the other is told so."""
    async with running(shipping_app, postgres_database_url) as client:
        body = {"id": "s-1", "orderId": "o-1", "address": ADDRESS, "items": ITEMS}
        await client.post("/shipments", json=body)
        answers = await race(
            postgres_database_url,
            "SELECT 1 FROM shipping_shipments FOR UPDATE",
            client.post("/shipments/s-1/dispatch"),
            client.post("/shipments/s-1/cancel"),
        )
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        shown = (await client.get("/shipments/s-1")).json()

    assert (200, shown["status"]) == (won.status_code, won.json()["status"])
    assert (409, shown["status"]) == code_of(lost)
