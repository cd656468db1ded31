"""An order whose create is in doubt is withdrawn, or carried out by whoever found it."""

import asyncio

import httpx
import pytest

from clients.errors import UpstreamError
from tests.unit.faults import CarryOut, Fault, answers, crash, good, lost_answer, refused, silent
from tests.unit.orders import an_order
from tests.unit.world import World, place, recover


async def test_a_create_in_doubt_is_withdrawn() -> None:
    """What nobody was told of must not be left behind: no order, no key, and it is not in doubt."""
    world, order = World(), an_order()
    world.database.plan.always("create", lost_answer)

    with pytest.raises(UpstreamError) as failed:
        await place(world.replica(), order, key="k")

    assert not failed.value.in_doubt
    assert {} == world.database.rows
    assert {} == world.database.keys
    assert {order.id} == world.database.abandoned
    assert [] == world.upstreams.sent


async def test_a_late_create_meets_its_withdrawal() -> None:
    """A request that was on its way all the time finds its id given up for good."""
    world, order = World(), an_order()
    late: list[CarryOut] = []
    world.database.plan.always("create", _delayed(late))
    with pytest.raises(UpstreamError):
        await place(world.replica(), order, key="k")

    assert {410} == {arrive().status_code for arrive in late}
    assert {} == world.database.rows


def _delayed(late: list[CarryOut]) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        late.append(carry_out)
        return await silent(carry_out)

    return fault


async def test_a_withdrawn_key_is_free_again() -> None:
    """Asked again under the same key, the client gets an order."""
    world = World()
    replica = world.replica()
    world.database.plan.next("create", *[lost_answer] * 4)
    with pytest.raises(UpstreamError):
        await place(replica, key="k")

    again = await place(replica, key="k")

    assert "CONFIRMED" == again.stored.status
    assert not again.replayed


async def test_a_duplicate_of_a_withdrawn_order_makes_its_own() -> None:
    """It waited for an order that is no more; its key is free, and it was asked to order."""
    world = World()
    first, second = world.replica(), world.replica()
    world.database.plan.next("create", lost_answer, good, *[lost_answer] * 3)
    withdrawn = asyncio.create_task(place(first, key="k"))
    await asyncio.sleep(0.1)

    placed = await place(second, key="k")

    assert isinstance(withdrawn.exception(), UpstreamError)
    assert "CONFIRMED" == placed.stored.status
    assert not placed.replayed
    assert [placed.stored.id] == list(world.database.rows)


async def test_a_withdrawal_that_takes_too_long_is_told_as_in_doubt() -> None:
    """The client is answered in time, and the withdrawal goes on until it is done."""
    world = World()
    replica = world.replica()
    world.database.plan.next("create", *[lost_answer] * 4)
    for operation in ("abandon", "get"):
        world.database.plan.always(operation, crash)

    with pytest.raises(UpstreamError) as failed:
        await place(replica)
    told_in_doubt = failed.value.in_doubt
    world.database.plan.heal()
    await replica.running.drain(finish_within_s=10, give_up_within_s=1)

    assert told_in_doubt
    assert {} == world.database.rows
    assert 0 == replica.admission.in_flight


async def test_a_withdrawal_that_comes_too_late_changes_nothing() -> None:
    """When another replica has found the order in the meantime, it is carried out there."""
    world, order = World(), an_order()
    replica = world.replica()
    world.database.plan.next("create", *[lost_answer] * 4)
    world.database.plan.always("abandon", crash)
    with pytest.raises(UpstreamError) as failed:
        await place(replica, order)
    told_in_doubt = failed.value.in_doubt
    await asyncio.sleep(30)
    await recover(world.replica())
    world.database.plan.heal()
    await replica.running.drain(finish_within_s=30, give_up_within_s=1)

    assert told_in_doubt
    assert "CONFIRMED" == world.status(order)
    assert set() == world.database.abandoned


@pytest.mark.parametrize("fault", [refused, answers(422, code="bad")], ids=["refused", "422"])
async def test_a_create_that_certainly_did_not_happen_is_not_withdrawn(fault: Fault) -> None:
    """There is nothing to take back, and the client may ask again at once."""
    world = World()
    world.database.plan.always("create", fault)

    with pytest.raises(UpstreamError) as failed:
        await place(world.replica())

    assert not failed.value.in_doubt
    assert "abandon" not in world.database.operations
