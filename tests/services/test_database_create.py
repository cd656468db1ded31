"""Creating and abandoning orders: one key, one order; one id, one fate."""

import asyncio

import httpx

from services.database.app import purge_expired_keys
from services.storage import open_storage
from tests.services.orders import finished, new_order


async def test_a_new_order_is_kept_as_it_was_given(database: httpx.AsyncClient) -> None:
    """A create answers 201 with the record, whose opaque parts are what was sent."""
    answer = await database.post("/orders", json=new_order(key="k"))
    record = answer.json()
    times = record.pop("createdAt"), record.pop("updatedAt"), record.pop("ageS")

    assert 201 == answer.status_code
    assert times[0] == times[1]
    assert {
        "id": "o-1",
        "caller": "shop",
        "fingerprint": "f-1",
        "userId": "u-1",
        "status": "PENDING",
        "version": 1,
        "owner": "worker-1",
        "rounds": 0,
        "attention": None,
        "order": new_order()["order"],
        "progress": {"steps": []},
    } == record


async def test_a_repeated_create_returns_the_order(database: httpx.AsyncClient) -> None:
    """The same id again is a repeat: 201 and the record as it stands, no second order."""
    await database.post("/orders", json=new_order(key="k"))
    again = await database.post("/orders", json=new_order(key="k", owner="worker-2"))

    assert (201, "worker-1") == (again.status_code, again.json()["owner"])
    assert 1 == len((await database.get("/orders")).json()["items"])


async def test_a_repeated_create_binds_no_further_key(database: httpx.AsyncClient) -> None:
    """A repeat under another key gives the order, and that key stays free."""
    await database.post("/orders", json=new_order(key="k"))
    again = await database.post("/orders", json=new_order(key="k-2"))
    asked = await database.get("/keys", params={"caller": "shop", "key": "k-2"})

    assert (201, "o-1") == (again.status_code, again.json()["id"])
    assert 404 == asked.status_code


async def test_a_known_key_returns_the_order_it_is_bound_to(database: httpx.AsyncClient) -> None:
    """Another id under a bound key answers 200 with the first order, and leaves nothing behind."""
    await database.post("/orders", json=new_order("first", key="k"))
    second = await database.post("/orders", json=new_order("second", key="k", fingerprint="f-2"))

    assert (200, "first", "f-1") == (
        second.status_code,
        second.json()["id"],
        second.json()["fingerprint"],
    )
    assert 404 == (await database.get("/orders/second")).status_code


async def test_keys_are_scoped_by_caller(database: httpx.AsyncClient) -> None:
    """Two callers may use one key for orders of their own."""
    await database.post("/orders", json=new_order("a", key="k", caller="shop-a"))
    other = await database.post("/orders", json=new_order("b", key="k", caller="shop-b"))

    assert (201, "b") == (other.status_code, other.json()["id"])


async def test_of_many_creates_under_one_key_one_wins(database: httpx.AsyncClient) -> None:
    """Twenty creates at once with one key and twenty ids make one order, and all are told which."""
    answers = await asyncio.gather(
        *(database.post("/orders", json=new_order(f"o-{n}", key="k")) for n in range(20))
    )
    listed = (await database.get("/orders")).json()["items"]

    assert [200] * 19 + [201] == sorted(answer.status_code for answer in answers)
    assert {listed[0]["id"]} == {answer.json()["id"] for answer in answers}
    assert 1 == len(listed)


async def test_an_expired_key_of_a_final_order_is_bound_anew(database: httpx.AsyncClient) -> None:
    """Once its time is over and its order final, a key is free: of many creates one gets it."""
    await database.post("/orders", json=new_order("old", key="k", keyTtlS=0))
    await database.patch("/orders/old", json=finished())

    assert 404 == (await database.get("/keys?caller=shop&key=k")).status_code

    answers = await asyncio.gather(
        *(database.post("/orders", json=new_order(f"o-{n}", key="k")) for n in range(10))
    )

    assert [200] * 9 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["id"] for answer in answers})
    assert "old" not in {answer.json()["id"] for answer in answers}


async def test_a_key_lives_at_least_as_long_as_its_order(database: httpx.AsyncClient) -> None:
    """An expired key of an order that is not final still leads to that order."""
    await database.post("/orders", json=new_order("old", key="k", keyTtlS=0))
    answer = await database.post("/orders", json=new_order("new", key="k"))
    found = await database.get("/keys", params={"caller": "shop", "key": "k"})

    assert (200, "old") == (answer.status_code, answer.json()["id"])
    assert (200, "old") == (found.status_code, found.json()["id"])


async def test_the_purge_deletes_what_is_expired_and_final(
    database: httpx.AsyncClient, database_url: str
) -> None:
    """The purge takes expired keys of final orders and nothing else."""
    await database.post("/orders", json=new_order("done", key="done", keyTtlS=0))
    await database.patch("/orders/done", json=finished())
    await database.post("/orders", json=new_order("running", key="running", keyTtlS=0))
    await database.post("/orders", json=new_order("young", key="young"))
    await database.patch("/orders/young", json=finished())
    storage = await open_storage(database_url, "database", [])
    await purge_expired_keys(storage)
    left = await storage.run(lambda tx: tx.execute("SELECT key FROM database_keys ORDER BY key"))
    await storage.close()

    assert [{"key": "running"}, {"key": "young"}] == left


async def test_an_abandoned_order_is_gone_for_good(database: httpx.AsyncClient) -> None:
    """After an abandon the id is dead, its key free, and a repeat of the abandon answers alike."""
    await database.post("/orders", json=new_order("o-1", key="k"))
    first = await database.post("/orders/o-1/abandon", json={"owner": "worker-1"})
    again = await database.post("/orders/o-1/abandon", json={"owner": "worker-1"})
    late = await database.post("/orders", json=new_order("o-1", key="k"))
    other = await database.post("/orders", json=new_order("o-2", key="k"))

    assert [(200, {"abandoned": True})] * 2 == [(a.status_code, a.json()) for a in (first, again)]
    assert (410, "abandoned") == (late.status_code, late.json()["code"])
    assert 404 == (await database.get("/orders/o-1")).status_code
    assert 201 == other.status_code


async def test_an_abandon_that_comes_first_bars_the_create(database: httpx.AsyncClient) -> None:
    """A create that arrives after the abandon of its id is refused, and its key stays free."""
    await database.post("/orders/o-1/abandon", json={"owner": "worker-1"})
    late = await database.post("/orders", json=new_order("o-1", key="k"))

    assert (410, "abandoned") == (late.status_code, late.json()["code"])
    assert 404 == (await database.get("/keys?caller=shop&key=k")).status_code
    assert [] == (await database.get("/orders")).json()["items"]


async def test_an_order_that_moved_on_is_not_abandoned(database: httpx.AsyncClient) -> None:
    """Another owner or a second version keeps the order: 409 taken_over."""
    await database.post("/orders", json=new_order())
    stranger = await database.post("/orders/o-1/abandon", json={"owner": "worker-2"})
    await database.patch("/orders/o-1", json=finished())
    too_late = await database.post("/orders/o-1/abandon", json={"owner": "worker-1"})

    assert [(409, "taken_over")] * 2 == [
        (answer.status_code, answer.json()["code"]) for answer in (stranger, too_late)
    ]
    assert "CONFIRMED" == (await database.get("/orders/o-1")).json()["status"]


async def test_abandon_and_create_at_once_leave_no_live_order(database: httpx.AsyncClient) -> None:
    """Whichever comes first, after an abandon that answered 200 the order is not there."""
    ids = [f"o-{n}" for n in range(30)]
    calls = [
        call
        for i in ids
        for call in (
            database.post("/orders", json=new_order(i, key=f"key-{i}")),
            database.post(f"/orders/{i}/abandon", json={"owner": "worker-1"}),
        )
    ]
    answers = await asyncio.gather(*calls)

    assert {200} == {answer.status_code for answer in answers[1::2]}
    assert {201, 410} >= {answer.status_code for answer in answers[0::2]}
    assert [] == (await database.get("/orders")).json()["items"]
    assert 0 == (await database.get("/stats")).json()["unfinished"]
