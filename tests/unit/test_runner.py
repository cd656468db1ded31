"""The loop that acts: every step meets every fault, and what was begun is taken back."""

from typing import Final

import pytest

from tests.unit.faults import (
    Fault,
    after_effect,
    answers,
    crash,
    garbage,
    lost_answer,
    refused,
    silent,
)
from tests.unit.orders import an_order
from tests.unit.world import World, hire

STEPS: Final = ["reserve", "authorize", "ship", "capture", "commit"]


UNDO: Final = {"reserve": "release", "authorize": "refund", "ship": "cancel"}


IN_DOUBT: Final[dict[str, Fault]] = {
    "500": crash,
    "500 after the effect": after_effect(500),
    "503": answers(503),
    "answer lost": lost_answer,
    "silent": silent,
    "garbage": garbage,
    "busy": answers(429),
    "redirect": answers(307, headers={"Location": "/elsewhere"}),
}
"""What may have been carried out."""


NOT_DONE: Final[dict[str, Fault]] = {
    "rejected": answers(409, code="no"),
    "not there": answers(404),
    "not connected": refused,
}
"""What certainly was not."""


PASSING: Final = {**IN_DOUBT, "not connected": refused}
"""What may be gone at the next try."""


ALL: Final = {**IN_DOUBT, **NOT_DONE}


async def test_a_good_order_takes_five_calls_in_the_order_of_the_table() -> None:
    """Each step is called once, in sequence, and the order is CONFIRMED."""
    world, order = World(), an_order()

    stored = await (await hire(world, order)).run()

    assert "CONFIRMED" == stored.status
    assert STEPS == world.upstreams.operations
    assert ("committed", "captured", "created") == world.states(order)


async def test_a_good_order_costs_two_durable_writes() -> None:
    """One before the first call, one after the last: nothing else reaches the database service."""
    world = World()

    await (await hire(world)).run()

    assert ["create", "update"] == world.database.operations
    assert ["PENDING", "CONFIRMED"] == world.statuses_written()


@pytest.mark.parametrize("step", ["authorize", "ship", "capture", "commit"])
async def test_a_failed_order_costs_three_durable_writes(step: str) -> None:
    """The third is the decision to compensate."""
    world = World()
    world.upstreams.plan.always(step, answers(409, code="no"))

    await (await hire(world)).run()

    assert ["create", "update", "update"] == world.database.operations
    assert ["PENDING", "COMPENSATING", "FAILED"] == world.statuses_written()


@pytest.mark.parametrize("fault", NOT_DONE.values(), ids=NOT_DONE)
async def test_an_order_of_which_nothing_had_begun_costs_two(fault: Fault) -> None:
    """Where there is nothing to take back there is no decision to write, and nothing is undone."""
    world = World()
    world.upstreams.plan.always("reserve", fault)

    stored = await (await hire(world)).run()

    assert ["PENDING", "FAILED"] == world.statuses_written()
    assert {"reserve"} == set(world.upstreams.operations)
    assert stored.progress["compensated"] is False


@pytest.mark.parametrize("fault", ALL.values(), ids=ALL)
@pytest.mark.parametrize("step", ["reserve", "authorize", "ship", "capture"])
async def test_what_fails_before_the_pivot_leaves_nothing_behind(step: str, fault: Fault) -> None:
    """Whatever a step meets, the order is FAILED, with no money kept, parcel sent or stock held."""
    world, order = World(), an_order()
    world.upstreams.plan.always(step, fault)

    stored = await (await hire(world, order)).run()

    reservation, payment, shipment = world.states(order)
    assert "FAILED" == stored.status
    assert reservation in {None, "released"}
    assert payment in {None, "voided", "refunded"}
    assert shipment in {None, "cancelled"}


@pytest.mark.parametrize(("name", "fault"), ALL.items(), ids=ALL)
@pytest.mark.parametrize("step", ["reserve", "authorize", "ship", "capture"])
async def test_what_began_is_undone_newest_first_and_nothing_else(
    step: str, name: str, fault: Fault
) -> None:
    """A step in doubt is undone like one that succeeded; one that was not done is not."""
    world = World()
    world.upstreams.plan.always(step, fault)

    await (await hire(world)).run()

    begun = STEPS[: STEPS.index(step) + (name in IN_DOUBT)]
    undone = [operation for operation in world.upstreams.operations if operation not in STEPS]
    assert [UNDO[each] for each in reversed(begun) if each in UNDO] == undone


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_trouble_after_the_pivot_leaves_the_order_for_later(fault: Fault) -> None:
    """The order stays PENDING, with the passed pivot written down, and nothing is taken back."""
    world, order = World(), an_order()
    world.upstreams.plan.always("commit", fault)

    stored = await (await hire(world, order)).run()

    assert "PENDING" == stored.status
    assert stored.progress["pivotPassed"] is True
    assert stored.progress["failure"] is None
    assert ["PENDING", "PENDING"] == world.statuses_written()
    assert ("captured", "created") == world.states(order)[1:]


async def test_a_refusal_after_the_pivot_is_compensated() -> None:
    """A reservation that has expired cannot be committed: the money goes back."""
    world, order = World(), an_order()
    world.upstreams.plan.always("commit", answers(409, code="expired"))

    stored = await (await hire(world, order)).run()

    assert "FAILED" == stored.status
    assert ("released", "refunded", "cancelled") == world.states(order)
    assert [*STEPS, "cancel", "refund", "release"] == world.upstreams.operations


async def test_a_capture_whose_answer_was_lost_is_refunded() -> None:
    """The money may have been taken; before that is known, trouble ends in compensation."""
    world, order = World(), an_order()
    world.upstreams.plan.always("capture", lost_answer)

    stored = await (await hire(world, order)).run()

    assert "FAILED" == stored.status
    assert ("released", "refunded", "cancelled") == world.states(order)


async def test_a_refusal_after_a_try_in_doubt_is_undone_as_well() -> None:
    """A 409 to a repeat says nothing of the first try, whose answer never came."""
    world, order = World(), an_order()
    world.upstreams.plan.next("ship", silent, answers(409, code="no_carrier"))

    stored = await (await hire(world, order)).run()

    assert "FAILED" == stored.status
    assert ["cancel", "refund", "release"] == world.upstreams.operations[-3:]
    assert "cancelled" == world.states(order)[2]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_passing_trouble_costs_a_try_and_not_the_order(step: str, fault: Fault) -> None:
    """Once repeated under its key, the step has one effect and the order goes through."""
    world, order = World(), an_order()
    world.upstreams.plan.next(step, fault)

    stored = await (await hire(world, order)).run()

    tries = [request for request in world.upstreams.sent if request.operation == step]
    assert "CONFIRMED" == stored.status
    assert 2 == len(tries)
    assert {f"{order.id}:{step}"} == {request.key for request in tries}
    assert 1 == len({str(request.body) for request in tries})
