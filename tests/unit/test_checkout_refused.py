"""What is refused before an order exists, and what is answered all the same."""

import asyncio

import pytest

from app import OrderService
from clients.errors import UpstreamError
from orchestrator.errors import (
    CircuitOpenError,
    KeyReusedError,
    OrderUndecidedError,
    OverloadedError,
)
from orchestrator.placement import Placed
from tests.unit.faults import answers, crash, refused, silent, slow
from tests.unit.orders import an_order, order_body
from tests.unit.world import World, place


async def test_a_full_replica_refuses_before_an_order_exists() -> None:
    """Nothing is written, nothing sent, and the place is free again later."""
    world = World()
    replica = world.replica(max_in_flight=1)
    world.upstreams.plan.next("ship", slow(1))
    first = asyncio.create_task(place(replica))
    await asyncio.sleep(0.5)
    before = len(world.database.requests)

    with pytest.raises(OverloadedError):
        await place(replica)

    assert before == len(world.database.requests)
    assert "CONFIRMED" == (await first).stored.status
    assert "CONFIRMED" == (await place(replica)).stored.status


async def _open_circuit(world: World) -> OrderService:
    """Start a replica whose circuit to payment is open for five seconds."""
    replica = world.replica(breaker_failures=1, retry_attempts=1, breaker_open_s=5)
    world.upstreams.plan.next("authorize", crash)
    world.upstreams.plan.next("refund", crash)
    await place(replica)
    return replica


async def test_an_open_circuit_refuses_before_an_order_exists() -> None:
    """An order that could not be finished is not begun."""
    world = World()
    replica = await _open_circuit(world)
    before = (len(world.database.requests), len(world.upstreams.sent))

    with pytest.raises(CircuitOpenError) as refused_for:
        await place(replica)

    assert "payment" == refused_for.value.service
    assert before == (len(world.database.requests), len(world.upstreams.sent))


async def test_an_open_circuit_does_not_hide_an_answer_that_exists() -> None:
    """The repeat of an ended order needs no upstream."""
    world = World()
    first = await place(world.replica(), key="k")
    replica = await _open_circuit(world)

    again = await place(replica, key="k")

    assert again.replayed
    assert first.stored.id == again.stored.id


async def test_an_order_that_is_withdrawn_meanwhile_leaves_the_open_circuit() -> None:
    """The order that the key was bound to is no more, and none may be begun in its place."""
    world, order = World(), an_order()
    replica = await _open_circuit(world)
    world.upstreams.plan.next("ship", slow(4))
    first = asyncio.create_task(place(world.replica(), order, key="k"))
    await asyncio.sleep(0.1)
    asyncio.get_running_loop().call_later(1, world.database.rows.pop, order.id)

    with pytest.raises(CircuitOpenError):
        await place(replica, key="k")

    await asyncio.gather(first, return_exceptions=True)


async def test_an_unknown_key_meets_the_open_circuit() -> None:
    """It has no answer yet, and no order is begun for it."""
    world = World()
    replica = await _open_circuit(world)

    with pytest.raises(CircuitOpenError):
        await place(replica, key="new")

    assert 1 == len(world.database.rows)


async def test_a_reused_key_is_told_though_the_circuit_is_open() -> None:
    """What is wrong with the request does not depend on the upstreams."""
    world = World()
    await place(world.replica(), key="k")
    replica = await _open_circuit(world)

    with pytest.raises(KeyReusedError):
        await place(replica, an_order(body=order_body(currency="USD")), key="k")


async def test_where_even_the_answer_cannot_be_looked_up_the_circuit_is_told() -> None:
    """The database service being away as well changes nothing for the client."""
    world = World()
    replica = await _open_circuit(world)
    world.database.plan.always("get_by_key", refused)

    with pytest.raises(CircuitOpenError):
        await place(replica, key="k")


async def test_one_order_tries_whether_the_upstream_is_back() -> None:
    """When the pause is over, of many orders at once one is let through; then all are."""
    world = World()
    replica = await _open_circuit(world)
    await asyncio.sleep(5)

    outcomes = await asyncio.gather(*(place(replica) for _ in range(6)), return_exceptions=True)
    afterwards = await place(replica)

    assert 1 == sum(isinstance(outcome, Placed) for outcome in outcomes)
    assert 5 == sum(isinstance(outcome, CircuitOpenError) for outcome in outcomes)
    assert "CONFIRMED" == afterwards.stored.status


async def test_a_replica_that_shuts_down_tells_whose_order_is_undecided() -> None:
    """An order that is given up is not ended; its client learns its id, not an error of ours."""
    world, order = World(), an_order()
    replica = world.replica()
    world.upstreams.plan.next("ship", silent)
    placing = asyncio.create_task(place(replica, order))
    await asyncio.sleep(1)

    await replica.running.drain(finish_within_s=1, give_up_within_s=5)

    with pytest.raises(OrderUndecidedError) as told:
        await placing
    assert order.id == told.value.order_id
    assert world.database.rows[order.id].record["owner"] is None


async def test_places_are_given_back_however_an_order_ends() -> None:
    """Confirmed, failed, parked or never recorded: none is in flight afterwards."""
    world = World()
    replica = world.replica()
    for operation in ("reserve", "capture", "commit"):
        world.upstreams.plan.next(operation, answers(409))
        await place(replica)
    world.database.plan.next("create", answers(422))
    with pytest.raises(UpstreamError):
        await place(replica)

    assert 0 == replica.admission.in_flight
    assert 0 == len(replica.running)
