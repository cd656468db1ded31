"""Where a gateway names the caller, an order id is no password."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.api.in_process import Whole, order, problem, whole


@pytest.fixture
async def gated(tmp_path: Path) -> AsyncIterator[Whole]:
    """Give an order service whose gateway names the caller in X-User."""
    async with whole(tmp_path, caller_header="X-User") as running:
        yield running


async def test_stranger(gated: Whole) -> None:
    """A stranger's order is not there, as one that never was."""
    placed = (await gated.place(order(), X_User="alice")).json()["id"]
    own = await gated.client.get(f"/orders/{placed}", headers={"X-User": "alice"})
    others = [
        await gated.client.get(f"/orders/{placed}", headers=headers)
        for headers in ({"X-User": "bob"}, {"X-User": ""}, {"X-User": "Alice"}, {})
    ]
    never = await gated.client.get(f"/orders/{uuid4()}", headers={"X-User": "bob"})

    assert 200 == own.status_code
    assert {(404, "order_not_found")} == {problem(answer) for answer in (*others, never)}


async def test_list(gated: Whole) -> None:
    """A caller's list holds the caller's own orders, whichever userId is asked for."""
    placed = (await gated.place(order(userId="u-1"), X_User="alice")).json()["id"]
    lists = {
        who: (await gated.client.get("/orders?userId=u-1", headers={"X-User": who})).json()["items"]
        for who in ("alice", "bob")
    }

    assert [placed] == [entry["id"] for entry in lists["alice"]]
    assert [] == lists["bob"]


@pytest.mark.parametrize("headers", [{}, {"X-User": ""}], ids=["absent", "empty"])
async def test_list_without_a_name(gated: Whole, headers: dict[str, str]) -> None:
    """A request that the gateway gave no name sees nobody's orders."""
    await gated.place(order(), X_User="alice")
    answer = await gated.client.get("/orders", headers=headers)

    assert [] == answer.json().get("items", [])


async def test_keys_are_the_callers_own(gated: Whole) -> None:
    """Two callers may use one key, even in one user's name; each is replayed its own order."""
    first = {
        who: await gated.place(order(), X_User=who, X_Idempotency_Key="k")
        for who in ("alice", "bob")
    }
    again = await gated.place(order(), X_User="bob", X_Idempotency_Key="k")

    assert [201, 201] == [answer.status_code for answer in first.values()]
    assert first["alice"].json()["id"] != first["bob"].json()["id"]
    assert first["bob"].content == again.content


async def test_key_of_one_caller_in_two_names(gated: Whole) -> None:
    """The gateway's caller, not the body's userId, is whose key it is."""
    await gated.place(order(userId="u-1"), X_User="alice", X_Idempotency_Key="k")
    answer = await gated.place(order(userId="u-2"), X_User="alice", X_Idempotency_Key="k")

    assert (422, "idempotency_key_reused") == problem(answer)


async def test_without_a_gateway(system: Whole) -> None:
    """Where no header is configured, the header means nothing."""
    placed = (await system.place(order(), X_User="alice")).json()["id"]
    answer = await system.client.get(f"/orders/{placed}", headers={"X-User": "bob"})

    assert 200 == answer.status_code
