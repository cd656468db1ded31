"""Reading orders: by id, by key, in pages that stay put, and in numbers."""

import base64
from typing import Any

import httpx
import pytest

from tests.services.in_process import code_of
from tests.services.orders import claim, finished, new_order, write


async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:  # noqa: ANN401 - any query
    """Return the ids of one page."""
    answer = await client.get("/orders", params=query)
    return [record["id"] for record in answer.json()["items"]]


async def test_what_is_not_there_is_not_found(database: httpx.AsyncClient) -> None:
    """Unknown ids and keys answer 404, each with its code."""
    order = await database.get("/orders/none")
    key = await database.get("/keys", params={"caller": "shop", "key": "none"})

    assert (404, "unknown_order") == code_of(order)
    assert (404, "unknown_key") == code_of(key)


async def test_a_list_is_filtered(database: httpx.AsyncClient) -> None:
    """User, status, caller and attention each narrow the list, alone and together."""
    await database.post("/orders", json=new_order("a", userId="u-1", caller="x"))
    await database.post("/orders", json=new_order("b", userId="u-2", caller="x"))
    await database.post("/orders", json=new_order("c", userId=None, caller="y"))
    await database.patch("/orders/a", json=finished())
    await database.patch("/orders/b", json=write(1, attention="look"))

    assert ["c", "b", "a"] == await ids(database)
    assert ["a"] == await ids(database, userId="u-1")
    assert ["b", "a"] == await ids(database, caller="x")
    assert ["c", "b"] == await ids(database, status="PENDING")
    assert ["b"] == await ids(database, attention="true")
    assert [] == await ids(database, userId="u-1", status="PENDING")


async def test_pages_stay_put_while_orders_come_in(database: httpx.AsyncClient) -> None:
    """Following the cursor shows each order once, in order, whatever is added meanwhile."""
    for n in range(7):
        await database.post("/orders", json=new_order(f"o-{n}"))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await database.get("/orders", params=query)).json()
        seen += [record["id"] for record in page["items"]]
        await database.post("/orders", json=new_order(f"new-{len(seen)}"))
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]

    assert [f"o-{n}" for n in reversed(range(7))] == seen


async def test_the_last_page_has_no_cursor(database: httpx.AsyncClient) -> None:
    """A page that is full and the last one says so."""
    await database.post("/orders", json=new_order())

    assert (await database.get("/orders", params={"limit": 1})).json()["nextCursor"] is None


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "ä", "%00", "AAAA", base64.urlsafe_b64encode(b"99999999999999999999:o").decode()],
)
async def test_a_cursor_of_another_make_is_refused(
    database: httpx.AsyncClient, cursor: str
) -> None:
    """What is no cursor of ours answers 400."""
    answer = await database.get("/orders", params={"cursor": cursor})

    assert (400, "invalid_cursor") == code_of(answer)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "status=NONE", "userId=", "userId=%00", "caller=%0a"],
)
async def test_a_bad_query_is_refused(database: httpx.AsyncClient, query: str) -> None:
    """Limits and filters outside their range answer 422 and name the parameter."""
    answer = await database.get(f"/orders?{query}")

    assert (422, "validation_failed") == code_of(answer)
    assert f"/{query.partition('=')[0]}" == answer.json()["errors"][0]["pointer"]


async def test_the_numbers_tell_what_is_unfinished(database: httpx.AsyncClient) -> None:
    """Unfinished and flagged orders are counted, with the age of the oldest; final ones are not."""
    empty = (await database.get("/stats")).json()
    await database.post("/orders", json=new_order("a"))
    await database.post("/orders", json=new_order("b"))
    await database.post("/orders", json=new_order("c"))
    await database.patch("/orders/a", json=finished())
    await database.patch("/orders/b", json=write(1, attention="look"))
    stats = (await database.get("/stats")).json()

    assert {
        "unfinished": 0,
        "flagged": 0,
        "oldestUnfinishedAgeS": None,
        "oldestFlaggedAgeS": None,
    } == empty
    assert (2, 1) == (stats["unfinished"], stats["flagged"])
    assert 0 <= stats["oldestFlaggedAgeS"] <= stats["oldestUnfinishedAgeS"] < 60


async def test_an_order_claimed_is_seen_at_once(database: httpx.AsyncClient) -> None:
    """A read that begins after a write was answered sees what was written."""
    for n in range(20):
        await database.post("/orders", json=new_order(f"o-{n}", leaseS=0))
        await database.post("/orders/claim", json=claim(owner=f"w-{n}"))
        record = (await database.get(f"/orders/o-{n}")).json()

        assert (f"w-{n}", 2) == (record["owner"], record["version"])
