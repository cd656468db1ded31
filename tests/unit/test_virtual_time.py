"""The loop that the other tests measure time on does not lie about it."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from proof.virtual_time import START_S, StalledError, VirtualTimeLoop, freeze, run


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_hours_pass_in_no_time() -> None:
    """Sleeping moves the loop's clock by exactly that long, and the real one hardly."""
    began = time.monotonic()

    async def sleep_long() -> float:
        await asyncio.sleep(200_000)
        return _now()

    assert START_S + 200_000 == run(sleep_long())
    assert time.monotonic() - began < 1


def test_timers_fire_in_their_order() -> None:
    """Whoever sleeps less wakes first, whatever the order of beginning."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, _now() - START_S))

    async def three() -> None:
        await asyncio.gather(sleeper("late", 3), sleeper("soon", 1), sleeper("middle", 2))

    run(three())

    assert [("soon", 1), ("middle", 2), ("late", 3)] == woken


def test_the_clock_stands_while_there_is_work() -> None:
    """A task that never waits uses no time, however many turns it takes."""

    async def busy() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return _now()

    assert START_S == run(busy())


def test_a_timeout_is_cut_at_its_moment() -> None:
    """`asyncio.timeout` fires at its own time, not at that of what it cuts."""

    async def cut() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(60)
        return _now() - START_S

    assert 5 == run(cut())


def test_a_loop_that_would_hang_says_so() -> None:
    """When everybody waits and no timer is set, the run ends with an error."""

    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StalledError):
        run(hang())


def test_a_frozen_process_finds_its_timers_overdue() -> None:
    """After a pause of the whole process the clock is later, and what was due comes at once."""

    async def frozen() -> tuple[float, float]:
        overdue = asyncio.create_task(asyncio.sleep(10))
        await asyncio.sleep(1)
        freeze(100)
        woke = _now() - START_S
        await overdue
        return woke, _now() - START_S

    assert (101, 101) == run(frozen())


def test_sockets_work_and_take_no_time() -> None:
    """What comes over a socket is read before the clock moves on."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def over_a_socket() -> tuple[bytes, float]:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
        return line, _now()

    assert (b"hello\n", START_S) == run(over_a_socket())


def test_the_result_and_the_error_come_out() -> None:
    """`run` returns what the coroutine returns and raises what it raises."""

    async def fail() -> None:
        message = "as it should"
        raise LookupError(message)

    with pytest.raises(LookupError, match="as it should"):
        run(fail())


async def _ticks() -> AsyncGenerator[float, None]:
    while True:
        await asyncio.sleep(1)
        yield _now()


async def test_asynchronous_tests_run_on_it() -> None:
    """The tests of this folder that are coroutines get this loop without asking for it."""
    ticks = _ticks()
    first = await anext(ticks)
    await ticks.aclose()

    assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
    assert START_S + 1 == first
