"""The decision to compensate stands in the record before the first undo leaves."""

import httpx
import pytest

from orchestrator.errors import CustodyLostError
from tests.unit.faults import CarryOut, Fault, answers, crash, lost_answer, refused, silent
from tests.unit.orders import an_order
from tests.unit.world import World, hire


async def test_the_decision_is_written_before_the_first_undo() -> None:
    """When an undo arrives, the record says COMPENSATING already."""
    world, order = World(), an_order()
    seen: list[str] = []
    for operation in ("cancel", "refund", "release"):
        world.upstreams.plan.always(operation, _noting(world, order.id, seen))
    world.upstreams.plan.always("capture", answers(402))

    await (await hire(world, order)).run()

    assert ["COMPENSATING"] * 3 == seen


def _noting(world: World, order_id: str, seen: list[str]) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        seen.append(world.database.rows[order_id].record["status"])
        return carry_out()

    return fault


@pytest.mark.parametrize("fault", [crash, silent, refused], ids=["500", "silent", "refused"])
async def test_without_the_decision_nothing_is_undone(fault: Fault) -> None:
    """A decision that could not be written is none: the worker stops at its fence."""
    world = World()
    world.upstreams.plan.always("ship", answers(422))
    worker = await hire(world)
    world.database.plan.always("update", fault)

    with pytest.raises(CustodyLostError):
        await worker.run()

    assert ["reserve", "authorize", "ship"] == world.upstreams.operations


async def test_whoever_loses_the_decision_undoes_nothing() -> None:
    """Only the owner of the version may undo: another worker has taken the order over."""
    world, order = World(), an_order()
    world.upstreams.plan.always("ship", answers(422))
    worker = await hire(world, order)
    world.database.rows[order.id].record |= {"version": 2, "owner": "another"}

    with pytest.raises(CustodyLostError):
        await worker.run()

    assert ["reserve", "authorize", "ship"] == world.upstreams.operations
    assert "another" == world.database.rows[order.id].record["owner"]


async def test_a_decision_whose_answer_was_lost_is_written_once() -> None:
    """The repeat of the write is recognised, and the order goes back."""
    world, order = World(), an_order()
    world.upstreams.plan.always("ship", answers(422))
    worker = await hire(world, order)
    world.database.plan.next("update", lost_answer)

    stored = await worker.run()

    assert "FAILED" == stored.status
    assert ["PENDING", "COMPENSATING", "FAILED"] == world.statuses_written()
