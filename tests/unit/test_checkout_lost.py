"""An order that another worker has taken over is answered with what the record says."""

import httpx
import pytest

from orchestrator.domain import Order
from orchestrator.errors import OrderUndecidedError
from proof.virtual_time import freeze
from tests.unit.faults import CarryOut, Fault
from tests.unit.orders import an_order
from tests.unit.world import World, now_s, place


async def test_a_worker_that_lost_its_order_reports_what_the_record_says() -> None:
    """Another has taken it over and brought it to its end: that end is the answer."""
    world, order = World(), an_order()
    taken: dict[str, object] = {"version": 7, "owner": None, "status": "FAILED"}
    world.upstreams.plan.next("ship", _taken_over(world, order, taken))

    placed = await place(world.replica(), order)

    assert ("FAILED", 7) == (placed.stored.status, placed.stored.version)


def _taken_over(world: World, order: Order, record: dict[str, object]) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        world.database.rows[order.id].record |= record
        return carry_out()

    return fault


async def test_a_worker_that_lost_its_order_waits_for_the_other_to_end_it() -> None:
    """Until the time to answer is over it looks at the record."""
    world, order = World(), an_order()
    taken: dict[str, object] = {"version": 7, "owner": "another"}
    world.upstreams.plan.next("ship", _taken_over(world, order, taken))
    began = now_s()

    with pytest.raises(OrderUndecidedError):
        await place(world.replica(), order)

    assert 35 <= now_s() - began <= 36


async def test_a_process_that_was_asleep_answers_what_has_become_of_its_order() -> None:
    """Long after the deadline one last look tells the end that another worker brought."""
    world, order = World(), an_order()
    record: dict[str, object] = {"version": 9, "owner": None, "status": "CONFIRMED"}

    async def sleep_while_another_works(carry_out: CarryOut) -> httpx.Response:
        freeze(100)
        world.database.rows[order.id].record |= record
        return carry_out()

    world.upstreams.plan.next("ship", sleep_while_another_works)

    placed = await place(world.replica(), order)

    assert ("CONFIRMED", 9) == (placed.stored.status, placed.stored.version)
