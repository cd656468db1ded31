"""What a client is told when the end of its order is not known in time."""

import asyncio
from contextlib import suppress

import pytest

from orchestrator.errors import OrderUndecidedError
from tests.unit.faults import answers, refused, silent, slow
from tests.unit.orders import an_order
from tests.unit.world import World, now_s, place


async def test_a_client_that_hangs_up_changes_nothing() -> None:
    """The order goes on in its own task, and its key gives the end."""
    world, order = World(), an_order()
    replica = world.replica()
    world.upstreams.plan.next("authorize", slow(2))
    placing = asyncio.create_task(place(replica, order, key="k"))
    await asyncio.sleep(1)

    placing.cancel()
    with suppress(asyncio.CancelledError):
        await placing
    again = await place(replica, key="k")

    assert order.id == again.stored.id
    assert "CONFIRMED" == again.stored.status


async def test_a_charged_order_that_is_stuck_is_answered_as_pending() -> None:
    """Parked behind its pivot, it will be finished; the client need not wait."""
    world = World()
    world.upstreams.plan.always("commit", refused)

    placed = await place(world.replica())

    assert "PENDING" == placed.stored.status
    assert placed.stored.progress["pivotPassed"] is True


async def test_an_order_whose_end_cannot_be_written_is_undecided() -> None:
    """One time-out after the deadline the client is told so, and what the record says."""
    world, order = World(), an_order()
    world.database.plan.always("update", silent)
    began = now_s()

    with pytest.raises(OrderUndecidedError) as told:
        await place(world.replica(), order)

    assert (order.id, "PENDING") == (told.value.order_id, told.value.order_status)
    assert began + 35 == now_s()


async def test_an_undecided_order_is_ended_all_the_same() -> None:
    """The worker goes on writing until its fence; the answer that was given stays true."""
    world, order = World(), an_order()
    replica = world.replica()
    world.database.plan.always("update", silent)
    with pytest.raises(OrderUndecidedError):
        await place(replica, order)
    world.database.plan.heal()

    await replica.running.drain(finish_within_s=30, give_up_within_s=1)

    assert "CONFIRMED" == world.status(order)
    assert 0 == replica.admission.in_flight


async def test_an_order_that_is_going_back_is_told_as_it_stands() -> None:
    """When the decision is written and the undos take longer, the end is known."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("cancel", silent)
    replica = world.replica(retry_attempts=20)

    placed = await place(replica, order)

    assert "COMPENSATING" == placed.stored.status
