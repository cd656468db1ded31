"""The background worker looks again and again, whatever happens."""

import asyncio
from itertools import pairwise

import httpx
import pytest

from app import OrderService
from orchestrator.recovery import AT_ONCE
from tests.unit.faults import CarryOut, Fault, answers, crash, lost_answer, refused, silent, slow
from tests.unit.world import World, now_s, orphan, place, recover


async def _watched(replica: OrderService, *, for_s: float) -> None:
    """Let the background worker of a replica run for a while; it must not end by itself."""
    task = asyncio.create_task(replica.recovery.run_forever())
    await asyncio.sleep(for_s)
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})
    await replica.recovery.settle()


def _unfit(**body: object) -> Fault:
    async def fault(_: CarryOut) -> httpx.Response:
        return httpx.Response(200, json=body)

    return fault


TROUBLE: dict[str, tuple[str, Fault]] = {
    "database service away": ("claim", refused),
    "database service broken": ("claim", crash),
    "database service silent": ("claim", silent),
    "claim refused": ("claim", answers(400, code="bad")),
    "nonsense claimed": ("claim", _unfit(items=[{"id": 1}])),
    "stats away": ("stats", refused),
    "stats of another shape": ("stats", _unfit(unfinished=1)),
}


@pytest.mark.parametrize(("operation", "fault"), TROUBLE.values(), ids=TROUBLE)
async def test_the_worker_outlives_every_trouble(operation: str, fault: Fault) -> None:
    """A look that breaks is followed by another, and what was left is finished then."""
    world = World()
    world.database.plan.next(operation, *[fault] * 5)
    order = orphan(world)

    await _watched(world.replica(), for_s=120)

    assert "CONFIRMED" == world.status(order)


async def test_looks_are_spread() -> None:
    """Two looks are half to one and a half intervals apart, and not always the same."""
    world = World()
    looks: list[float] = []
    world.database.plan.always("claim", _noted(looks))

    await _watched(world.replica(recovery_interval_s=4), for_s=200)

    pauses = [later - earlier for earlier, later in pairwise(looks)]
    assert 2 <= min(pauses) < max(pauses) <= 6


def _noted(at: list[float]) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        at.append(now_s())
        return carry_out()

    return fault


@pytest.mark.parametrize("delay_s", [0, 3])
async def test_a_heap_of_orders_is_worked_off_without_pauses(delay_s: float) -> None:
    """While there may be more, the worker takes the next as soon as one has ended."""
    world = World()
    orders = [orphan(world) for _ in range(3 * AT_ONCE)]
    world.database.plan.always("stats", slow(delay_s))

    await _watched(world.replica(recovery_interval_s=600), for_s=4 * delay_s + 1)

    assert {"CONFIRMED"} == {world.status(order) for order in orders}


async def test_a_stopped_worker_ends_at_once_and_claims_no_more() -> None:
    """In the middle of its pause it hears of the shutdown, and leaves the rest to others."""
    world = World()
    replica = world.replica(recovery_interval_s=600)
    task = asyncio.create_task(replica.recovery.run_forever())
    await asyncio.sleep(1)
    order, stopped_at = orphan(world), now_s()

    replica.recovery.stop()
    await task

    assert stopped_at == now_s()
    assert 1 == world.database.operations.count("claim")
    assert "PENDING" == world.status(order)


async def test_a_claim_under_way_is_let_end_when_the_worker_is_stopped() -> None:
    """What it has claimed it carries on; left alone it would wait for its lease to run out."""
    world = World()
    order = orphan(world)
    world.database.plan.next("claim", slow(3))
    replica = world.replica()
    task = asyncio.create_task(replica.recovery.run_forever())
    await asyncio.sleep(1)

    replica.recovery.stop()
    await task
    await replica.recovery.settle()

    assert "CONFIRMED" == world.status(order)


async def test_a_stuck_order_is_finished_soon_after_its_upstream_works_again() -> None:
    """Whatever round it is in: within the longest pause, one look and a half, and its calls."""
    world = World()
    order = orphan(world, status="COMPENSATING")
    world.upstreams.plan.always("refund", crash)
    replica = world.replica()
    task = asyncio.create_task(replica.recovery.run_forever())
    await asyncio.sleep(300)
    assert "COMPENSATING" == world.status(order)

    world.upstreams.plan.heal()
    await asyncio.sleep(15 + 1.5 * 5 + 5)

    assert "FAILED" == world.status(order)
    assert world.database.rows[order.id].record["attention"] is None
    task.cancel()
    await asyncio.wait({task})


async def test_an_order_lost_to_another_is_left_to_it() -> None:
    """A worker whose conditional write is lost stops, and the record stays as it is."""
    world = World()
    order = orphan(world)

    async def lose(carry_out: CarryOut) -> httpx.Response:
        world.database.rows[order.id].record |= {"version": 50, "owner": "another"}
        return carry_out()

    world.upstreams.plan.next("commit", lose)

    await recover(world.replica())

    row = world.database.rows[order.id].record
    assert ("PENDING", 50, "another") == (row["status"], row["version"], row["owner"])


async def test_the_forward_way_of_a_recovered_order_ends_before_its_lease() -> None:
    """Time is left to write what came of it, though the claim was slow."""
    world = World()
    order = orphan(world, progress={"pivotPassed": True})
    world.upstreams.plan.always("ship", answers(503, headers={"Retry-After": "2"}))
    world.database.plan.next("claim", slow(4))
    replica = world.replica(lease_s=35.5, retry_attempts=20)
    began = now_s()

    await recover(replica)

    row = world.database.rows[order.id].record
    assert ("PENDING", None) == (row["status"], row["owner"])
    assert max(sent.at_s for sent in world.upstreams.sent) - began <= 35.5 - 5


async def test_what_is_left_is_told() -> None:
    """The metrics show how much is unfinished and flagged, and for how long."""
    world = World()
    orphan(world, status="COMPENSATING", age_s=50, attention={"reason": "x", "since": ""})
    world.upstreams.plan.always("cancel", refused)
    replica = world.replica()

    await replica.recovery.run_once()

    def told(name: str) -> float | None:
        return replica.metrics.registry.get_sample_value(name)

    assert (1, 1) == (told("orders_unfinished"), told("orders_flagged"))
    assert 50 == told("orders_oldest_unfinished_age_seconds")
    assert 50 == told("orders_oldest_flagged_age_seconds")
    await replica.recovery.settle()


async def test_a_duplicate_joins_a_recovered_order() -> None:
    """Whoever asks again on the replica that has taken the order over gets its end at once."""
    world = World()
    first = world.replica()
    world.upstreams.plan.next("ship", silent)
    placing = asyncio.create_task(place(first, key="k"))
    await asyncio.sleep(1)
    await first.running.drain(finish_within_s=0, give_up_within_s=5)
    await asyncio.wait({placing})
    assert placing.exception() is not None
    second = world.replica()
    world.upstreams.plan.next("ship", slow(2))
    await second.recovery.run_once()

    placed = await place(second, key="k")

    assert placed.replayed
    assert "CONFIRMED" == placed.stored.status
    assert "get" not in world.database.operations[-3:]


async def test_a_claim_whose_answer_was_lost_is_asked_for_again() -> None:
    """What it had claimed is carried on at the next look, not when that lease has run out too."""
    world = World()
    order, began = orphan(world), now_s()
    world.database.plan.next("claim", *[lost_answer] * 4)
    replica = world.replica(recovery_interval_s=4, lease_s=60)

    await _watched(replica, for_s=20)

    assert "CONFIRMED" == world.status(order)
    assert now_s() - began < 60
