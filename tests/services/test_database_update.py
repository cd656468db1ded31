"""Writing an order: compare and set, once, and only along the ways that exist."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.services.in_process import code_of
from tests.services.orders import claim, finished, new_order, write


@pytest.fixture
async def order(database: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give the client of a service that holds the order o-1 at version 1, owned by worker-1."""
    await database.post("/orders", json=new_order())
    return database


async def patch(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    """Write o-1."""
    return await client.patch("/orders/o-1", json=body)


async def test_a_write_makes_the_next_version(order: httpx.AsyncClient) -> None:
    """A write under the right version answers 200 with the record it made."""
    answer = await patch(order, write(status="COMPENSATING", attention="refund fails\nagain"))
    record = answer.json()

    assert 200 == answer.status_code
    assert (2, "COMPENSATING", "worker-1") == (
        record["version"],
        record["status"],
        record["owner"],
    )
    assert {"steps": ["reserve"]} == record["progress"]
    assert "refund fails\nagain" == record["attention"]["reason"]
    assert record == {**(await order.get("/orders/o-1")).json(), "ageS": record["ageS"]}


async def test_a_stale_write_loses_and_is_shown_the_record(order: httpx.AsyncClient) -> None:
    """A write under an old version answers 409 with the record as it stands."""
    await patch(order, write(1, writeId="mine"))
    answer = await patch(order, write(1, writeId="stale"))

    assert (409, "version_conflict") == code_of(answer)
    assert 2 == answer.json()["record"]["version"]


async def test_a_write_by_another_owner_loses(order: httpx.AsyncClient) -> None:
    """The version alone is not enough: the writer must own the order."""
    answer = await patch(order, write(1, owner="worker-2"))

    assert (409, "version_conflict") == code_of(answer)
    assert "worker-1" == answer.json()["record"]["owner"]


async def test_of_many_writes_at_one_version_one_wins(order: httpx.AsyncClient) -> None:
    """Ten different writes of version 1 at once: one is made, nine are told of it."""
    answers = await asyncio.gather(*(patch(order, write(1, writeId=f"w-{n}")) for n in range(10)))

    assert [200] + [409] * 9 == sorted(answer.status_code for answer in answers)
    assert 2 == (await order.get("/orders/o-1")).json()["version"]


async def test_a_repeated_write_is_no_second(order: httpx.AsyncClient) -> None:
    """The writeId that made the present version is answered 200 again, also when it was final."""
    first = await patch(order, finished())
    again = await patch(order, finished())

    assert [(200, 2)] * 2 == [(a.status_code, a.json()["version"]) for a in (first, again)]


async def test_a_write_made_before_a_claim_is_not_repeated(order: httpx.AsyncClient) -> None:
    """Once another has claimed the order, the repeat of an older write is a conflict."""
    released = write(1, leaseS=None, releaseForS=0)
    await patch(order, released)
    await order.post("/orders/claim", json=claim())

    assert (409, "version_conflict") == code_of(await patch(order, released))


async def test_a_final_order_is_nobodys_and_calm(order: httpx.AsyncClient) -> None:
    """A final status takes owner and attention away, whatever the write says."""
    await patch(order, write(1, attention="stuck"))
    record = (await patch(order, finished(2, status="FAILED", attention="stuck"))).json()

    assert ("FAILED", None, None) == (record["status"], record["owner"], record["attention"])


@pytest.mark.parametrize(
    ("way", "to"),
    [
        (["CONFIRMED"], "PENDING"),
        (["FAILED"], "COMPENSATING"),
        (["CANCELLED"], "CONFIRMED"),
        (["COMPENSATING"], "PENDING"),
        (["COMPENSATING"], "CONFIRMED"),
    ],
)
async def test_there_is_no_way_back(order: httpx.AsyncClient, way: list[str], to: str) -> None:
    """Final orders stay, and COMPENSATING never turns forward: 409 illegal_transition."""
    for version, status in enumerate(way, start=1):
        await patch(order, write(version, status=status))
    answer = await patch(order, write(len(way) + 1, status=to))

    assert (409, "illegal_transition") == code_of(answer)
    assert way[-1] == answer.json()["record"]["status"]


async def test_an_unknown_order_cannot_be_written(database: httpx.AsyncClient) -> None:
    """A write to an id that is not there answers 404."""
    assert (404, "unknown_order") == code_of(await patch(database, write()))


async def test_attention_keeps_its_beginning(order: httpx.AsyncClient) -> None:
    """`since` stays while there is a reason, changes of the reason included, and starts anew."""
    first = (await patch(order, write(1, attention="a"))).json()["attention"]
    second = (await patch(order, write(2, attention="b"))).json()["attention"]
    calm = (await patch(order, write(3))).json()["attention"]

    assert {"reason": "b", "since": first["since"]} == second
    assert calm is None


@pytest.mark.parametrize(
    "lease",
    [
        {"leaseS": None},
        {"leaseS": 1, "releaseForS": 1},
        {"leaseS": -1},
        {"leaseS": 1e300},
        {"leaseS": "1e999"},
    ],
)
async def test_a_write_keeps_or_releases(
    order: httpx.AsyncClient, lease: dict[str, object]
) -> None:
    """A write that does neither, both, or for an absurd time is refused."""
    assert (422, "validation_failed") == code_of(await patch(order, write(1, **lease)))
