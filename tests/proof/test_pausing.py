"""A process that is stopped does nothing, the others go on, and time does not wait for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from proof.pausing import PausingLoop, context_of
from proof.virtual_time import START_S


def run(main: Coroutine[Any, Any, list[str]]) -> list[str]:
    """Run `main` on a loop whose processes can be stopped."""
    with asyncio.Runner(loop_factory=PausingLoop) as runner:
        return runner.run(main)


async def two(pause_s: float) -> list[str]:
    """Two processes that say something every second; A is stopped after 1.5 s."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PausingLoop)
    said: list[str] = []

    async def ticks(name: str) -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            said.append(f"{name}{loop.time() - START_S:g}")

    tasks = [loop.create_task(ticks(name), context=context_of(name)) for name in "AB"]
    loop.call_later(1.5, loop.pause, "A", pause_s, context=context_of(""))
    await asyncio.wait(tasks)
    return said


def test_one_sleeps_the_other_goes_on() -> None:
    """What was due while A slept comes when it wakes; what follows is reckoned from there."""
    assert ["A1", "B1", "B2", "B3", "A6.5", "A7.5"] == run(two(5))


def test_a_timer_that_is_not_due_keeps_its_moment() -> None:
    """A pause that ends before a timer does not move it."""
    assert ["A1", "A2", "A3", "B1", "B2", "B3"] == sorted(run(two(0.1)))


def test_what_others_do_for_it_waits_too() -> None:
    """An answer that comes in while A sleeps is read when it wakes."""

    async def answered() -> list[str]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, PausingLoop)
        answer: asyncio.Future[str] = loop.create_future()

        async def wait() -> str:
            return f"{await answer} {loop.time() - START_S:g}"

        waiting = loop.create_task(wait(), context=context_of("A"))
        await asyncio.sleep(0)
        loop.pause("A", 10)
        loop.call_later(1, answer.set_result, "yes", context=context_of(""))
        return [await waiting]

    assert ["yes 10"] == run(answered())
