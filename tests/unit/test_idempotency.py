"""A key belongs to one caller and to one order, however that order is written."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.call import CallLimits
from orchestrator.domain import Order, Trace
from orchestrator.idempotency import (
    Admitted,
    Claim,
    Fresh,
    IdempotencyKeys,
    InFlight,
    KeyReused,
    Replay,
    fingerprint,
)
from orchestrator.saga.record import encode_order
from tests.unit.faults import lost_answer
from tests.unit.orders import ADDRESS, an_order, order_body
from tests.unit.world import World, now_s

ITEM = {"sku": "SKU-1", "qty": 2, "price": "499.50"}


def _mark(body: dict[str, Any]) -> str:
    return fingerprint(encode_order(an_order(body=body)))


@pytest.mark.parametrize(
    "body",
    [
        order_body(items=[{**ITEM, "price": "499.5"}]),
        order_body(items=[{**ITEM, "price": Decimal("499.5")}]),
        order_body(items=[{**ITEM, "price": Decimal("4.995E+2")}]),
        order_body(items=[dict(reversed(ITEM.items()))]),
        dict(reversed(order_body().items())),
        order_body(address=dict(reversed(ADDRESS.items()))),
        {name: value for name, value in order_body().items() if name != "currency"},
    ],
)
def test_the_same_order_has_the_same_fingerprint(body: dict[str, Any]) -> None:
    """Neither the order of members nor the way a price is written matters, nor a named default."""
    assert _mark(order_body()) == _mark(body)


@pytest.mark.parametrize(
    "body",
    [
        order_body(items=[{**ITEM, "qty": 3}]),
        order_body(items=[{**ITEM, "price": "499.51"}]),
        order_body(items=[{**ITEM, "sku": "SKU-2"}]),
        order_body(items=[ITEM, ITEM]),
        order_body(items=[{**ITEM, "qty": 1}, {**ITEM, "qty": 1}]),
        order_body(currency="USD"),
        order_body(userId="u-2"),
        order_body(userId=None),
        order_body(address={**ADDRESS, "line1": "2 Main Street"}),
        order_body(address={**ADDRESS, "postalCode": "411002"}),
    ],
)
def test_another_order_has_another_fingerprint(body: dict[str, Any]) -> None:
    """Whatever was ordered matters."""
    assert _mark(order_body()) != _mark(body)


def test_the_trace_and_the_id_do_not_belong_to_the_fingerprint() -> None:
    """A repeat has another request id, and would have become another order."""
    first, second = an_order(), an_order()
    retraced = second._replace(trace=Trace("another", "00-c-d-00"))

    assert fingerprint(encode_order(first)) == fingerprint(encode_order(retraced))


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from('"\\/~ü'),
        min_size=1,
        max_size=20,
    )
)
def test_a_fingerprint_is_of_the_escaped_text(text: str) -> None:
    """However the bytes were made: those that are in the keys' table were made by `json`."""
    document = {**encode_order(an_order()), "userId": text}
    ordered = {name: value for name, value in document.items() if name != "trace"}
    canonical = json.dumps(ordered, sort_keys=True, separators=(",", ":"))
    expected = hashlib.sha256(f"POST /orders\n{canonical}".encode()).hexdigest()

    assert expected == fingerprint(document)


def test_a_fingerprint_never_changes() -> None:
    """A release that reckoned otherwise would refuse every repeat of an older one's order."""
    expected = "7fb5344a2e2d8591b758d74300080737869b6aef137b52e8779ca5ef9d0c1bfe"

    assert expected == _mark(order_body())


def _keys(world: World) -> IdempotencyKeys:
    database = world.services().database
    return IdempotencyKeys(database, replica="r-1", lease_s=60, key_ttl_s=3600, clock=now_s)


async def _admit(
    world: World, order: Order, key: str | None = "k-1", caller: str = "shop"
) -> Admitted:
    keys = _keys(world)
    return await keys.admit(order, Claim(caller, key), keys.new_owner(), CallLimits(now_s() + 30))


async def test_a_new_key_makes_the_order_ours() -> None:
    """The order is created and its custody given to whoever asked."""
    world, order = World(), an_order()

    admitted = await _admit(world, order)

    assert isinstance(admitted, Fresh)
    assert order.id == admitted.custody.order_id
    assert order.id == world.database.keys["shop", "k-1"]


async def test_a_key_in_use_gives_its_order() -> None:
    """The second request finds the first one's order, and makes none."""
    world, order = World(), an_order()
    await _admit(world, order)

    admitted = await _admit(world, an_order())

    assert isinstance(admitted, InFlight)
    assert order.id == admitted.stored.id
    assert [order.id] == list(world.database.rows)


@pytest.mark.parametrize("status", ["CONFIRMED", "FAILED", "CANCELLED"])
async def test_the_key_of_a_final_order_gives_its_end(status: str) -> None:
    """Success or failure, the answer is given again."""
    world, order = World(), an_order()
    await _admit(world, order)
    world.database.rows[order.id].record["status"] = status

    admitted = await _admit(world, an_order())

    assert isinstance(admitted, Replay)
    assert status == admitted.stored.status


async def test_a_key_with_another_body_is_refused() -> None:
    """The same key for a different order is a mistake of the client."""
    world = World()
    await _admit(world, an_order())

    admitted = await _admit(world, an_order(body=order_body(currency="USD")))

    assert KeyReused() == admitted


async def test_keys_belong_to_their_caller() -> None:
    """A guessed key shows nobody a stranger's order."""
    world = World()
    await _admit(world, an_order(), caller="shop-1")

    admitted = await _admit(world, an_order(), caller="shop-2")

    assert isinstance(admitted, Fresh)
    assert 2 == len(world.database.rows)


async def test_without_a_key_every_request_is_an_order() -> None:
    """Two requests without a key are two orders, alike as they may be."""
    world = World()

    first, second = await _admit(world, an_order(), None), await _admit(world, an_order(), None)

    assert isinstance(first, Fresh)
    assert isinstance(second, Fresh)


async def test_a_create_whose_answer_was_lost_is_still_ours() -> None:
    """The repeat finds the order with our own owner token, and that is as good as new."""
    world, order = World(), an_order()
    world.database.plan.next("create", lost_answer)

    admitted = await _admit(world, order)

    assert isinstance(admitted, Fresh)
    assert ["PENDING"] == world.statuses_written()


async def test_a_key_can_be_looked_up_without_binding_it() -> None:
    """`find` gives what a key means, makes no order, and knows other bodies."""
    world, order = World(), an_order()
    keys, limits = _keys(world), CallLimits(now_s() + 30)
    before = await keys.find(Claim("shop", "k-1"), order, limits)
    await _admit(world, order)

    found = await keys.find(Claim("shop", "k-1"), an_order(), limits)
    other = await keys.find(Claim("shop", "k-1"), an_order(body=order_body(userId="x")), limits)

    assert before is None
    assert isinstance(found, InFlight)
    assert KeyReused() == other
    assert await keys.find(Claim("shop", None), order, limits) is None
    assert 1 == len(world.database.rows)


def test_owner_tokens_are_never_alike() -> None:
    """Each names its replica and one custody of its own."""
    keys = _keys(World())

    tokens = {keys.new_owner() for _ in range(1000)}

    assert 1000 == len(tokens)
    assert all(token.startswith("r-1/") for token in tokens)
