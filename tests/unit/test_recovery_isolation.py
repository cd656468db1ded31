"""One order that cannot be finished, or even read, delays no other."""

import asyncio
from typing import Any

import pytest

from orchestrator.recovery import AT_ONCE
from tests.unit.faults import silent
from tests.unit.world import World, now_s, orphan, recover

POISON: list[dict[str, Any]] = [
    {"order": {}},
    {"order": {"address": "none"}},
    {"progress": {"timeline": "long"}},
    {"progress": {"timeline": [{}]}},
    {"progress": {"failure": {"code": "x"}}},
    {"status": "DREAMING"},
]


@pytest.mark.parametrize("record", POISON, ids=str)
async def test_an_order_that_cannot_be_read_is_set_aside_and_stops_no_other(
    record: dict[str, Any],
) -> None:
    """It is flagged with the reason and stays in the queue; the others are finished."""
    world = World()
    before, poison, after = orphan(world), orphan(world, **record), orphan(world)

    await recover(world.replica())

    row = world.database.rows[poison.id]
    assert ("CONFIRMED", "CONFIRMED") == (world.status(before), world.status(after))
    assert row.record["owner"] is None
    assert row.record["attention"]["reason"].startswith("cannot be resumed: ")
    assert now_s() < row.lease_until_s <= now_s() + 15


async def test_an_order_that_is_set_aside_keeps_its_record() -> None:
    """A newer release may be able to read it."""
    world = World()
    written = {"timeline": "written by a newer release"}
    poison = orphan(world, progress=written)

    await recover(world.replica())

    assert written == world.progress(poison)
    assert "PENDING" == world.status(poison)


async def test_an_order_that_is_set_aside_is_tried_again_later_and_later() -> None:
    """Round after round its pause grows, so that it costs next to nothing."""
    world = World()
    poison = orphan(world, order={})
    pauses: list[float] = []
    for _ in range(8):
        await recover(world.replica())
        row = world.database.rows[poison.id]
        pauses.append(row.lease_until_s - now_s())
        await asyncio.sleep(pauses[-1])

    assert 8 == world.database.rows[poison.id].record["rounds"]
    assert pauses[0] <= 1
    assert pauses[-1] >= 7.5


async def test_an_order_that_is_stuck_delays_no_other() -> None:
    """While one waits for a silent upstream the others are confirmed."""
    world = World()
    world.upstreams.plan.next("reserve", silent)
    orders = [orphan(world) for _ in range(5)]
    replica = world.replica()

    await replica.recovery.run_once()
    await asyncio.sleep(1)

    statuses = [world.status(order) for order in orders]
    assert ["CONFIRMED"] * 4 + ["PENDING"] == sorted(statuses)
    await replica.recovery.settle()


async def test_no_more_are_taken_than_can_be_carried() -> None:
    """One look fills the places; the rest is for other replicas, or for the next look."""
    world = World()
    orders = [orphan(world) for _ in range(AT_ONCE + 8)]
    replica = world.replica()

    found_all = await replica.recovery.run_once()
    claimed = sum(row.record["rounds"] for row in world.database.rows.values())
    await replica.recovery.settle()
    found_all_then = await replica.recovery.run_once()
    await replica.recovery.settle()

    assert (False, AT_ONCE, True) == (found_all, claimed, found_all_then)
    assert {"CONFIRMED"} == {world.status(order) for order in orders}


async def test_a_full_worker_does_not_ask() -> None:
    """Without a free place nothing is claimed."""
    world = World()
    world.upstreams.plan.always("reserve", silent)
    for _ in range(AT_ONCE + 1):
        orphan(world)
    replica = world.replica()
    await replica.recovery.run_once()
    asked = world.database.operations.count("claim")

    found_all = await replica.recovery.run_once()

    assert not found_all
    assert asked == world.database.operations.count("claim")
    await replica.recovery.settle()
