"""No answer names an order that may still be withdrawn: its id would be a promise."""

import asyncio

import httpx
import pytest

from clients.errors import UpstreamError
from orchestrator.api.problems import problem_of_upstream
from orchestrator.domain import Order
from orchestrator.errors import OrderServiceError
from proof.virtual_time import freeze
from tests.unit.faults import CarryOut, Fault, crash, lost_answer
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


async def test_nor_is_it_when_it_was_withdrawn_long_ago() -> None:
    """A replica that was asleep while it waited for the order looks once more before it answers."""
    world, order = _whose_withdrawals_fail(), an_order()
    first = world.replica()
    placing = asyncio.create_task(place(first, order, key="k"))
    await asyncio.sleep(3)  # its tries to create are over
    world.database.plan.next("get", _asleep_while_it_is_withdrawn(world, order))

    with pytest.raises((OrderServiceError, UpstreamError)) as told:
        await place(world.replica(), key="k")
    with pytest.raises(UpstreamError):
        await placing
    world.database.plan.heal()
    await first.running.drain(finish_within_s=10, give_up_within_s=1)

    assert getattr(told.value, "order_id", None) is None


def _asleep_while_it_is_withdrawn(world: World, order: Order) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        response = carry_out()
        del world.database.rows[order.id]
        world.database.keys.clear()
        world.database.abandoned.add(order.id)
        freeze(40)
        return response

    return fault
