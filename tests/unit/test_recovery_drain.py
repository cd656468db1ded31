"""A large backlog is worked off without asking the database service more than it takes."""

import asyncio
from collections.abc import Callable

from orchestrator.recovery import AT_ONCE, ENOUGH_FREE
from tests.unit.faults import silent, slow
from tests.unit.world import World, orphan

BACKLOG = 10 * AT_ONCE


async def run_until(world: World, done: Callable[[], bool], *, bound_s: float) -> float:
    """Let a replica's worker run until something is true, and return the seconds it took."""
    loop = asyncio.get_running_loop()
    replica, began = world.replica(), loop.time()
    task = asyncio.create_task(replica.recovery.run_forever())
    async with asyncio.timeout(bound_s):
        while not done():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    took = loop.time() - began
    task.cancel()
    await asyncio.wait({task})
    await replica.recovery.settle()
    return took


async def test_a_backlog_asks_little_of_the_database_service() -> None:
    """Places are filled half of them at a time, and what is left is counted twice an interval."""
    world = World()
    # No two of those under way end at once, or one claim would find all places free by chance.
    waits = (slow(n % AT_ONCE / 100) for n in range(BACKLOG))
    world.upstreams.plan.next("reserve", *waits)
    orders = [orphan(world) for _ in range(BACKLOG)]

    took_s = await run_until(
        world, lambda: {world.status(order) for order in orders} == {"CONFIRMED"}, bound_s=60
    )

    asked = world.database.operations.count
    assert BACKLOG // AT_ONCE <= asked("claim") <= BACKLOG // ENOUGH_FREE + 2
    assert 1 <= asked("stats") <= 1 + took_s / (5 / 2)
    assert asked("stats") < asked("claim")


async def test_orders_that_hang_keep_no_place_from_the_others() -> None:
    """With one place left, the others are carried through that one while the rest hang."""
    world = World()
    world.upstreams.plan.next("reserve", *[silent] * (AT_ONCE - 1))
    orders = [orphan(world) for _ in range(AT_ONCE + 8)]

    def confirmed() -> int:
        return sum(world.status(order) == "CONFIRMED" for order in orders)

    took_s = await run_until(world, lambda: confirmed() >= 9, bound_s=60)

    assert took_s < 5  # the time-out of a call that hangs
