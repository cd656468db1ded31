"""An order that can neither be finished nor given up is left for later, and flagged in time."""

import pytest

from orchestrator.domain import OrderStatus
from orchestrator.saga.pause import FIRST_S, LONGEST_S
from orchestrator.saga.progress import Progress
from tests.unit.faults import Fault, answers, crash, refused, silent
from tests.unit.orders import an_order
from tests.unit.world import World, hire, now_s


@pytest.mark.parametrize(
    "fault", [crash, silent, refused, answers(429)], ids=["500", "silent", "refused", "busy"]
)
async def test_an_undo_that_fails_is_left_for_later_and_not_forgotten(fault: Fault) -> None:
    """The order stays COMPENSATING, released, with its failure, to be claimed soon."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("refund", fault)

    stored = await (await hire(world, order)).run()

    row = world.database.rows[order.id]
    assert ("COMPENSATING", None) == (stored.status, stored.owner)
    assert "payment_declined" == stored.progress["failure"]["code"]
    assert FIRST_S / 2 <= row.lease_until_s - now_s() <= FIRST_S


async def test_what_began_before_a_stuck_undo_is_not_taken_back_yet() -> None:
    """Undos go one after the other: the refund waits for the parcel."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("cancel", crash)

    await (await hire(world, order)).run()

    assert "refund" not in world.upstreams.operations
    assert ("reserved", "authorized", "created") == world.states(order)


async def test_a_first_trouble_is_not_flagged() -> None:
    """Most trouble is a restart, and nobody needs to look at it."""
    world = World()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("refund", crash)

    stored = await (await hire(world)).run()

    assert stored.attention is None


@pytest.mark.parametrize(("rounds", "flagged"), [(4, False), (5, True), (6, True)])
async def test_after_a_set_number_of_rounds_the_order_is_flagged(
    rounds: int, *, flagged: bool
) -> None:
    """ATTENTION_AFTER rounds of trouble are told to a person, with the reason."""
    world = World()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("refund", answers(503, detail="maintenance"))

    stored = await (await hire(world, rounds=rounds, attention_after=5)).run()

    reason = stored.attention["reason"] if stored.attention else None
    assert ("payment refund: 503 maintenance" if flagged else None) == reason


async def test_a_refused_undo_is_flagged_at_once_and_stays_in_the_queue() -> None:
    """A parcel that has left cannot be called off: time does not mend that, a person may."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("cancel", answers(409, code="dispatched", detail="it has left"))

    stored = await (await hire(world, order)).run()

    assert "COMPENSATING" == stored.status
    assert stored.attention is not None
    assert "shipping cancel: 409 it has left" == stored.attention["reason"]
    assert world.database.rows[order.id].lease_until_s <= now_s() + LONGEST_S


async def test_a_charged_order_that_stays_stuck_is_flagged_too() -> None:
    """A commit that fails round after round needs a person as much as an undo does."""
    world = World()
    world.upstreams.plan.always("commit", crash)

    stored = await (await hire(world, rounds=9)).run()

    assert "PENDING" == stored.status
    assert stored.attention is not None


async def test_an_upstream_that_names_its_time_is_left_alone_until_then() -> None:
    """The pause of a parked order is at least the Retry-After of what stood in its way."""
    world, order = World(), an_order()
    world.upstreams.plan.always("commit", answers(503, headers={"Retry-After": "12"}))

    await (await hire(world, order)).run()

    assert now_s() + 12 == world.database.rows[order.id].lease_until_s


async def test_an_undo_leaves_time_to_write_where_it_got_stuck() -> None:
    """One time-out of the lease is kept for the last write."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", answers(402))
    world.upstreams.plan.always("cancel", silent)
    worker = await hire(world, order, lease_s=60, upstream_timeout_s=5, retry_attempts=20)

    await worker.run()

    last = max(sent.at_s for sent in world.upstreams.sent)
    assert "update" == world.database.operations[-1]
    assert last <= worker.errand.custody.fence - 5
    assert now_s() <= worker.errand.custody.fence - 5


async def test_a_parked_order_that_was_charged_says_so() -> None:
    """Before 202 is answered it is written down that the pivot is passed."""
    world = World()
    world.upstreams.plan.always("commit", refused)

    stored = await (await hire(world)).run()

    assert True is stored.progress["pivotPassed"]
    assert False is stored.progress["compensated"]


async def test_a_successor_that_goes_back_undoes_everything() -> None:
    """It cannot know how far the one before it came: every undo is sent, begun by it or not."""
    world, order = World(), an_order()
    progress = Progress(status=OrderStatus.COMPENSATING, inherited=True)
    worker = await hire(world, order, progress=progress)
    world.database.rows[order.id].record["status"] = "COMPENSATING"

    stored = await worker.run()

    assert "FAILED" == stored.status
    assert ["cancel", "refund", "release"] == world.upstreams.operations


async def test_a_successor_that_finds_nothing_sent_undoes_everything_all_the_same() -> None:
    """Not to be connected says nothing of what an earlier worker has sent."""
    world, order = World(), an_order()
    world.upstreams.plan.always("reserve", refused)

    worker = await hire(world, order, progress=Progress(inherited=True))
    stored = await worker.run()

    assert "FAILED" == stored.status
    assert ["cancel", "refund", "release"] == world.upstreams.operations[-3:]


async def test_a_successor_that_comes_too_late_goes_back_at_once() -> None:
    """Nothing is tried forward; the failure says that the order was found too late."""
    world, order = World(), an_order()

    worker = await hire(world, order, progress=Progress(inherited=True, give_up=True))
    stored = await worker.run()

    assert ["cancel", "refund", "release"] == world.upstreams.operations
    assert (504, "deadline_exceeded") == (
        stored.progress["failure"]["status"],
        stored.progress["failure"]["code"],
    )
    assert ["PENDING", "COMPENSATING", "FAILED"] == world.statuses_written()


async def test_a_charged_order_is_not_sent_back_for_its_age() -> None:
    """Once the pivot is recorded, a successor goes forward however late it comes."""
    world, order = World(), an_order()
    progress = Progress(inherited=True, give_up=True, pivot_recorded=True)

    stored = await (await hire(world, order, progress=progress)).run()

    assert "CONFIRMED" == stored.status


async def test_a_successor_calls_though_the_circuit_is_open() -> None:
    """A recovered order may hold money and stock: its steps are tried."""
    world = World()
    worker = await hire(
        world, progress=Progress(inherited=True), breaker_failures=1, retry_attempts=2
    )
    world.upstreams.plan.next("reserve", crash)

    stored = await worker.run()

    assert "CONFIRMED" == stored.status
