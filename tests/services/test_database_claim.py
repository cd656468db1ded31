"""Claiming orders: each is one worker's at a time, oldest first, and none is forgotten."""

import asyncio
from typing import Any

import httpx

from services.database.app import create_app
from tests.services.in_process import running
from tests.services.orders import claim, finished, new_order, write

MANY = 60


async def add_due(client: httpx.AsyncClient, *ids: str) -> None:
    """Add orders whose lease is over at once, one after the other."""
    for order_id in ids:
        await client.post("/orders", json=new_order(order_id, leaseS=0))


async def claimed(client: httpx.AsyncClient, **changed: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Claim and return the records."""
    answer = await client.post("/orders/claim", json=claim(**changed))
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_claim_takes_orders_whose_lease_is_over(database: httpx.AsyncClient) -> None:
    """A claimed order has the new owner, the next version and one round more."""
    await add_due(database, "o-1")
    await database.post("/orders", json=new_order("leased"))
    (record,) = await claimed(database)

    assert ("o-1", "worker-2", 2, 1) == (
        record["id"],
        record["owner"],
        record["version"],
        record["rounds"],
    )


async def test_the_oldest_lease_goes_first(database: httpx.AsyncClient) -> None:
    """A claim smaller than the queue takes those that waited longest."""
    await add_due(database, "a", "b", "c")
    first = await claimed(database, owner="w-1", limit=2)
    second = await claimed(database, owner="w-2", limit=2)

    assert [{"a", "b"}, {"c"}] == [{r["id"] for r in first}, {r["id"] for r in second}]


async def test_a_repeated_claim_returns_the_same_orders(database: httpx.AsyncClient) -> None:
    """An owner that asks again, its answer being lost, gets what it holds and no more."""
    await add_due(database, "a", "b", "c")
    first = await claimed(database, limit=2)
    again = await claimed(database, limit=2)

    assert [{(r["id"], r["version"]) for r in first}] * 2 == [
        {(r["id"], r["version"]) for r in records} for records in (first, again)
    ]


async def test_many_claimers_never_share_an_order(database: httpx.AsyncClient) -> None:
    """Sixty orders and thirty claims of three at once: no order is given twice."""
    await add_due(database, *(f"o-{n}" for n in range(MANY)))
    batches = await asyncio.gather(
        *(claimed(database, owner=f"w-{n}", limit=3) for n in range(MANY // 2))
    )
    given = [record["id"] for batch in batches for record in batch]

    assert len(set(given)) == len(given)
    assert {3, 0} >= {len(batch) for batch in batches} - {1, 2}
    rest = await claimed(database, owner="last")
    assert MANY == len(given) + len(rest)


async def test_two_processes_on_one_database_never_share_an_order(
    postgres_database_url: str,
) -> None:
    """Two services on one PostgreSQL hand out each order once and bind each key once."""
    async with (
        running(create_app, postgres_database_url) as one,
        running(create_app, postgres_database_url) as two,
    ):
        await add_due(one, *(f"o-{n}" for n in range(MANY)))
        batches = await asyncio.gather(
            *(claimed((one, two)[n % 2], owner=f"w-{n}", limit=5) for n in range(12))
        )
        given = [record["id"] for batch in batches for record in batch]
        creates = await asyncio.gather(
            *(
                (one, two)[n % 2].post("/orders", json=new_order(f"k-{n}", key="k"))
                for n in range(12)
            )
        )

    assert len(set(given)) == len(given)
    assert [200] * 11 + [201] == sorted(answer.status_code for answer in creates)
    assert 1 == len({answer.json()["id"] for answer in creates})


async def test_a_released_order_waits_for_its_pause(database: httpx.AsyncClient) -> None:
    """An order let go for a while is nobody's, and claimable only after that while."""
    await database.post("/orders", json=new_order("now"))
    await database.post("/orders", json=new_order("later"))
    now = write(1, leaseS=None, releaseForS=0)
    released = (await database.patch("/orders/now", json=now)).json()
    await database.patch("/orders/later", json={**now, "releaseForS": 60})

    assert released["owner"] is None
    assert ["now"] == [record["id"] for record in await claimed(database)]


async def test_a_final_order_is_never_claimed(database: httpx.AsyncClient) -> None:
    """What is finished stays finished, whatever its lease was."""
    await add_due(database, "o-1")
    await database.patch("/orders/o-1", json=finished())

    assert [] == await claimed(database)


async def test_an_owner_that_lost_its_order_cannot_write(database: httpx.AsyncClient) -> None:
    """After a takeover the sleeper's write is a conflict, and the new owner's goes through."""
    await add_due(database, "o-1")
    await claimed(database)
    asleep = await database.patch("/orders/o-1", json=write(1))
    awake = await database.patch("/orders/o-1", json=write(2, owner="worker-2"))

    assert (409, 200) == (asleep.status_code, awake.status_code)
