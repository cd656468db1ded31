"""From an admitted request to its answer, whoever asks again meanwhile."""

import asyncio

import pytest

from orchestrator.errors import KeyReusedError, OrderInProgressError
from tests.unit.faults import answers, silent, slow
from tests.unit.orders import an_order, order_body
from tests.unit.world import World, now_s, place


async def test_a_new_order_is_carried_out_and_answered() -> None:
    """The answer is the order as it was last written."""
    world = World()

    placed = await place(world.replica(), key="k")

    assert "CONFIRMED" == placed.stored.status
    assert not placed.replayed


async def test_a_repeat_gets_the_same_answer_and_does_nothing() -> None:
    """Once the order is final its key gives it again, without a call to any upstream."""
    world = World()
    replica = world.replica()
    first = await place(replica, key="k")
    sent = len(world.upstreams.sent)

    again = await place(world.replica(), key="k")

    assert again.replayed
    assert first.stored.id == again.stored.id
    assert first.stored.progress == again.stored.progress
    assert sent == len(world.upstreams.sent)


async def test_a_failure_is_repeated_as_well() -> None:
    """A declined order is declined again under its key, even when it would go through now."""
    world = World()
    world.upstreams.plan.next("authorize", answers(402))
    first = await place(world.replica(), key="k")

    again = await place(world.replica(), key="k")

    assert again.replayed
    assert "FAILED" == again.stored.status
    assert first.stored.id == again.stored.id


async def test_duplicates_on_one_replica_join_the_running_order() -> None:
    """All get the end of the one order, and only one of them made it."""
    world = World()
    replica = world.replica()
    world.upstreams.plan.next("ship", slow(2))

    placed = await asyncio.gather(*(place(replica, key="k") for _ in range(8)))

    assert 1 == len({each.stored.id for each in placed})
    assert [False] + [True] * 7 == sorted(each.replayed for each in placed)
    assert {"CONFIRMED"} == {each.stored.status for each in placed}
    assert 5 == len(world.upstreams.sent)


async def test_duplicates_on_another_replica_watch_the_record() -> None:
    """They are answered when the order is final, soon after the first."""
    world = World()
    world.upstreams.plan.next("ship", slow(3))
    began = now_s()

    first, second = await asyncio.gather(
        place(world.replica(), key="k"), place(world.replica(), key="k")
    )

    assert first.stored.id == second.stored.id
    assert [False, True] == sorted([first.replayed, second.replayed])
    assert {"CONFIRMED"} == {first.stored.status, second.stored.status}
    assert now_s() - began < 3 + 0.7
    assert 5 == len(world.upstreams.sent)


async def test_a_watcher_does_not_weigh_on_the_database_service() -> None:
    """Waiting looks soon at first, then about twice a second."""
    world = World()
    world.upstreams.plan.next("ship", slow(4.5))

    await asyncio.gather(place(world.replica(), key="k"), place(world.replica(), key="k"))

    assert 8 <= world.database.operations.count("get") <= 16


async def test_a_duplicate_that_waits_too_long_is_told_the_order() -> None:
    """At the request's deadline it learns which order it waits for, and that it is under way."""
    world, order = World(), an_order()
    first = asyncio.create_task(place(world.replica(), order, key="k"))
    world.upstreams.plan.always("ship", silent)
    await asyncio.sleep(1)
    world.database.plan.always("update", silent)
    began = now_s()

    with pytest.raises(OrderInProgressError) as told:
        await place(world.replica(), key="k")

    assert (order.id, "PENDING") == (told.value.order_id, told.value.order_status)
    assert 30 <= now_s() - began <= 35
    await asyncio.gather(first, return_exceptions=True)


async def test_another_body_under_the_key_is_refused_and_does_nothing() -> None:
    """The first order stands; the second never exists."""
    world = World()
    await place(world.replica(), key="k")
    sent = len(world.upstreams.sent)

    with pytest.raises(KeyReusedError):
        await place(world.replica(), an_order(body=order_body(currency="USD")), key="k")

    assert 1 == len(world.database.rows)
    assert sent == len(world.upstreams.sent)


async def test_another_body_under_the_key_of_a_running_order_is_refused_at_once() -> None:
    """It does not have to wait for the first to end."""
    world = World()
    replica = world.replica()
    world.upstreams.plan.next("ship", slow(4))
    first = asyncio.create_task(place(replica, key="k"))
    await asyncio.sleep(1)
    began = now_s()

    with pytest.raises(KeyReusedError):
        await place(replica, an_order(body=order_body(currency="USD")), key="k")

    assert began == now_s()
    assert "CONFIRMED" == (await first).stored.status
