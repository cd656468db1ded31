"""`Prefer: return=minimal` (RFC 7240): what the caller has just sent is not sent back to it."""

import httpx
import pytest

from tests.services.in_process import code_of
from tests.services.orders import new_order, write

BRIEF = {"Prefer": "respond-async, Return=Minimal"}
OPAQUE = {"order", "progress"}


async def test_a_new_order_is_answered_by_its_head(database: httpx.AsyncClient) -> None:
    """Everything but the two opaque parts, and a word that the preference was followed."""
    answer = await database.post("/orders", json=new_order(key="k"), headers=BRIEF)
    whole = (await database.get("/orders/o-1", headers=BRIEF)).json()

    head = {name: value for name, value in whole.items() if name not in OPAQUE}
    assert {**head, "ageS": 0} == {**answer.json(), "ageS": 0}
    assert (201, "return=minimal") == (answer.status_code, answer.headers["Preference-Applied"])


async def test_a_write_is_answered_by_its_head(database: httpx.AsyncClient) -> None:
    """The first time and when it is repeated: it is what stands in the record then."""
    await database.post("/orders", json=new_order())
    for _ in range(2):
        answer = await database.patch("/orders/o-1", json=write(), headers=BRIEF)

        assert (200, 2) == (answer.status_code, answer.json()["version"])
        assert OPAQUE.isdisjoint(answer.json())


async def test_the_order_of_a_known_key_comes_whole(database: httpx.AsyncClient) -> None:
    """Who asks has not sent it, and answers its own client from it."""
    await database.post("/orders", json=new_order("first", key="k"), headers=BRIEF)
    known = await database.post("/orders", json=new_order("second", key="k"), headers=BRIEF)

    assert (200, "first") == (known.status_code, known.json()["id"])
    assert known.json().keys() > OPAQUE
    assert "Preference-Applied" not in known.headers


async def test_an_order_that_has_moved_on_comes_whole(database: httpx.AsyncClient) -> None:
    """A create that is repeated late meets a progress that it did not send."""
    await database.post("/orders", json=new_order())
    await database.patch("/orders/o-1", json=write())
    late = await database.post("/orders", json=new_order(), headers=BRIEF)

    assert (201, 2) == (late.status_code, late.json()["version"])
    assert {"steps": ["reserve"]} == late.json()["progress"]


async def test_a_lost_write_is_shown_the_whole_record(database: httpx.AsyncClient) -> None:
    """A conflict says what stands there."""
    await database.post("/orders", json=new_order())
    await database.patch("/orders/o-1", json=write(1, writeId="mine"))
    lost = await database.patch("/orders/o-1", json=write(1, writeId="stale"), headers=BRIEF)

    assert (409, "version_conflict") == code_of(lost)
    assert lost.json()["record"].keys() > OPAQUE


@pytest.mark.parametrize("prefer", ["return=representation", "wait=10", ""])
async def test_any_other_preference_is_passed_over(
    database: httpx.AsyncClient, prefer: str
) -> None:
    """The record comes whole, as it does without one."""
    answer = await database.post("/orders", json=new_order(), headers={"Prefer": prefer})

    assert answer.json().keys() > OPAQUE
