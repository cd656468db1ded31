"""Orders whose lease ran out are carried on, by any replica."""

import asyncio

import pytest

from orchestrator.saga.record import encode_order
from tests.unit.orders import TRACE, an_order
from tests.unit.world import World, orphan, recover


async def test_a_pending_order_goes_forward() -> None:
    """From its first step, under the same keys, to CONFIRMED."""
    world = World()
    order = orphan(world)

    await recover(world.replica())

    assert "CONFIRMED" == world.status(order)
    assert ["reserve", "authorize", "ship", "capture", "commit"] == world.upstreams.operations
    assert f"{order.id}:reserve" == world.upstreams.sent[0].key


async def test_what_the_one_before_did_is_not_done_twice() -> None:
    """Fixed ids and keys make running a step again the same as reading a journal of it."""
    world = World()
    order = orphan(world)
    world.upstreams.states[order.reservation_id] = "reserved"
    world.upstreams.states[order.payment_id] = "captured"

    await recover(world.replica())

    assert "CONFIRMED" == world.status(order)
    assert ("committed", "captured", "created") == world.states(order)


@pytest.mark.parametrize(
    ("age_s", "status"), [(299, "CONFIRMED"), (301, "FAILED")], ids=["young", "old"]
)
async def test_an_order_that_is_found_too_late_goes_back(age_s: float, status: str) -> None:
    """RESUME_WINDOW_S decides the way of a PENDING order."""
    world = World()
    order = orphan(world, age_s=age_s)

    await recover(world.replica(resume_window_s=300))

    assert status == world.status(order)


async def test_an_order_that_goes_back_for_its_age_undoes_everything() -> None:
    """Nobody knows how far it had come."""
    world = World()
    order = orphan(world, age_s=1000)
    world.upstreams.states[order.payment_id] = "captured"

    await recover(world.replica())

    assert ["cancel", "refund", "release"] == world.upstreams.operations
    assert ("released", "refunded", "cancelled") == world.states(order)
    assert "deadline_exceeded" == world.progress(order)["failure"]["code"]
    assert world.progress(order)["compensated"] is True


async def test_a_charged_order_goes_forward_at_any_age() -> None:
    """Once the pivot is written down, age does not count."""
    world = World()
    order = orphan(world, age_s=10**6, progress={"pivotPassed": True})

    await recover(world.replica())

    assert "CONFIRMED" == world.status(order)


async def test_a_compensating_order_goes_back() -> None:
    """It never turns round, however young it is."""
    world = World()
    failure = {"status": 402, "code": "payment_declined", "detail": "no"}
    progress = {"failure": failure, "compensated": True}
    order = orphan(world, status="COMPENSATING", age_s=1, progress=progress)

    await recover(world.replica())

    assert "FAILED" == world.status(order)
    assert ["cancel", "refund", "release"] == world.upstreams.operations
    assert "payment_declined" == world.progress(order)["failure"]["code"]


async def test_a_leased_order_is_left_alone() -> None:
    """Whoever holds it may be at work on it."""
    world = World()
    order = an_order()
    world.database.add(id=order.id, owner="another", lease_s=1, order=encode_order(order))

    await recover(world.replica())

    assert [] == world.upstreams.sent
    assert "another" == world.database.rows[order.id].record["owner"]


async def test_two_replicas_share_what_is_to_be_done() -> None:
    """Each order is carried on by one of them, and each step of it sent once."""
    world = World()
    orders = [orphan(world) for _ in range(10)]

    await asyncio.gather(recover(world.replica()), recover(world.replica()))

    assert {"CONFIRMED"} == {world.status(order) for order in orders}
    assert 50 == len(world.upstreams.sent)


async def test_the_takeover_is_told_in_the_timeline() -> None:
    """Which round it is and which way it goes stands before what was done in it."""
    world = World()
    order = orphan(world, rounds=2)

    await recover(world.replica())

    first = world.progress(order)["timeline"][0]
    assert "taken over (round 3), going forward" == first["note"]


async def test_calls_of_a_recovered_order_carry_its_own_trace() -> None:
    """Its log lines belong to the request that once began it."""
    world = World()
    orphan(world)

    await recover(world.replica())

    assert {TRACE.request_id} == {sent.headers["X-Request-Id"] for sent in world.upstreams.sent}
    assert TRACE.request_id == world.database.requests[-1].headers["X-Request-Id"]
