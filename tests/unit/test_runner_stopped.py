"""A worker that must stop, because it shuts down or its lease is over, stops cleanly."""

import asyncio
from contextlib import suppress

import httpx
import pytest

from clients.database import StoredOrder
from orchestrator.errors import CustodyLostError
from proof.virtual_time import freeze
from tests.unit.faults import CarryOut, Fault, answers, silent, slow
from tests.unit.orders import an_order
from tests.unit.world import Worker, World, hire, now_s


async def _cancelled(worker: Worker, *, after_s: float = 1.0) -> asyncio.Task[StoredOrder]:
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(after_s)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return task


@pytest.mark.parametrize("step", ["reserve", "authorize", "ship", "capture"])
async def test_a_replica_that_shuts_down_gives_the_lease_up(step: str) -> None:
    """The order is PENDING, nobody's, and may be claimed at once."""
    world, order = World(), an_order()
    world.upstreams.plan.next(step, silent)

    task = await _cancelled(await hire(world, order))

    row = world.database.rows[order.id]
    assert task.cancelled()
    assert ("PENDING", None) == (row.record["status"], row.record["owner"])
    assert row.lease_until_s <= now_s()
    assert world.progress(order)["pivotPassed"] is False


async def test_a_passed_pivot_is_worth_keeping() -> None:
    """Given up after its capture, the order will not be sent back for its age."""
    world, order = World(), an_order()
    world.upstreams.plan.next("commit", silent)

    await _cancelled(await hire(world, order))

    assert world.progress(order)["pivotPassed"] is True


async def test_what_was_done_until_then_is_told() -> None:
    """The timeline of what this worker did goes to its successor."""
    world, order = World(), an_order()
    world.upstreams.plan.next("ship", silent)

    await _cancelled(await hire(world, order))

    timeline = world.progress(order)["timeline"]
    assert ["reserve", "authorize"] == [line["step"] for line in timeline if "step" in line]
    assert "given up by a replica that shuts down" == timeline[-1]["note"]


async def test_an_order_on_its_way_back_keeps_its_reason() -> None:
    """Given up while compensating, the order still knows why it failed."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.next("refund", silent)

    await _cancelled(await hire(world, order))

    row = world.database.rows[order.id].record
    assert ("COMPENSATING", None) == (row["status"], row["owner"])
    assert "payment_declined" == row["progress"]["failure"]["code"]


async def test_a_failure_that_was_not_decided_on_is_forgotten() -> None:
    """Stopped before the decision is written, the order may still go through elsewhere."""
    world, order = World(), an_order()
    world.upstreams.plan.always("ship", answers(422))
    worker = await hire(world, order)
    world.database.plan.next("update", silent)

    await _cancelled(worker)

    assert "PENDING" == world.status(order)
    assert world.progress(order)["failure"] is None


async def test_a_silent_database_service_does_not_hold_up_the_shutdown() -> None:
    """Giving the lease up is tried for one time-out; after that the lease runs out by itself."""
    world = World()
    world.upstreams.plan.next("ship", silent)
    worker = await hire(world, upstream_timeout_s=5)
    world.database.plan.always("update", silent)
    began = now_s()

    task = await _cancelled(worker, after_s=1)

    assert task.cancelled()
    assert now_s() - began <= 1 + 5


async def test_an_order_confirmed_in_the_meantime_is_not_given_up() -> None:
    """When the last write was carried out and only its answer is missing, it stands."""
    world, order = World(), an_order()
    worker = await hire(world, order)
    world.database.plan.next("update", slow(60))

    await _cancelled(worker)

    assert "CONFIRMED" == world.status(order)


async def test_a_worker_at_its_fence_sends_nothing_more() -> None:
    """A lease that ends in mid-order stops it: no step, no undo, no write after the fence."""
    world, order = World(), an_order()
    worker = await hire(world, order, lease_s=36)
    worker.errand.deadline = now_s() + 100
    world.upstreams.plan.next("authorize", _while_frozen(33))
    world.upstreams.plan.always("ship", silent)
    fence = worker.errand.custody.fence

    with pytest.raises(CustodyLostError):
        await worker.run()

    assert all(sent.at_s < fence for sent in world.upstreams.sent)
    assert fence == now_s()
    assert ["create"] == world.database.operations
    assert {"reserve", "authorize", "ship"} == set(world.upstreams.operations)


@pytest.mark.parametrize("step", ["reserve", "authorize", "ship", "capture", "commit"])
async def test_a_worker_that_slept_through_its_lease_sends_nothing_more(step: str) -> None:
    """Frozen in the middle of a call, it finds its lease over: neither step nor undo nor write."""
    world, order = World(), an_order()
    worker = await hire(world, order, lease_s=60)
    world.upstreams.plan.next(step, _while_frozen(100))

    with pytest.raises(CustodyLostError):
        await worker.run()

    assert step == world.upstreams.operations[-1]
    assert ["create"] == world.database.operations


def _while_frozen(seconds: float) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        freeze(seconds)
        return carry_out()

    return fault


async def test_a_worker_that_sleeps_while_compensating_sends_nothing_more() -> None:
    """The undos that are left are its successor's."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.next("cancel", _while_frozen(100))

    with pytest.raises(CustodyLostError):
        await (await hire(world, order)).run()

    assert "cancel" == world.upstreams.operations[-1]
    assert "COMPENSATING" == world.status(order)


async def test_the_renewed_lease_is_the_one_that_counts() -> None:
    """The decision to compensate renews the lease, and the undos have the whole of it."""
    world, order = World(), an_order()
    world.upstreams.plan.next("ship", _while_frozen(20))
    world.upstreams.plan.always("capture", answers(402))
    worker = await hire(world, order, lease_s=60)
    fence = worker.errand.custody.fence

    await worker.run()

    assert fence + 20 == worker.errand.custody.fence
