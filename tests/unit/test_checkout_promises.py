"""No answer names an order that may still be withdrawn: its id would be a promise."""

import pytest

from clients.errors import UpstreamError
from orchestrator.api.problems import problem_of_upstream
from tests.unit.faults import crash, lost_answer
from tests.unit.orders import an_order
from tests.unit.world import World, place


def _whose_withdrawals_fail() -> World:
    """A database service that takes an order in, says nothing of it, and cannot take it back."""
    world = World()
    world.database.plan.next("create", *[lost_answer] * 4)
    world.database.plan.always("abandon", crash)
    return world


async def test_an_order_that_may_be_withdrawn_is_not_named() -> None:
    """Its record can be read when the time to answer is over, and is gone a moment later."""
    world, order = _whose_withdrawals_fail(), an_order()
    replica = world.replica()

    with pytest.raises(UpstreamError) as failed:
        await place(replica, order, key="k")
    recorded = set(world.database.rows)
    answer = problem_of_upstream(failed.value, keyed=True).response()
    world.database.plan.heal()
    await replica.running.drain(finish_within_s=10, give_up_within_s=1)

    assert {order.id} == recorded
    assert {} == world.database.rows
    assert order.id not in bytes(answer.body).decode()
    assert "location" not in answer.headers
