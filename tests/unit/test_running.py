"""The sagas of a replica: joined, counted, drained; and the signal that begins the draining."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from clients.database import StoredOrder
from orchestrator.errors import CustodyLostError
from orchestrator.saga.running import RunningSagas
from orchestrator.shutdown import on_sigterm
from tests.unit.world import now_s

STORED = StoredOrder("o-1", "", "f", "CONFIRMED", 2, None, 0, None, "", "", 0.0, {}, {})


async def _ends(after_s: float) -> StoredOrder:
    await asyncio.sleep(after_s)
    return STORED


async def _fails(error: Exception) -> StoredOrder:
    await asyncio.sleep(1)
    raise error


async def test_a_saga_is_joined_by_whoever_asks() -> None:
    """All get its end, and afterwards nobody finds it."""
    running = RunningSagas()
    running.start("o-1", _ends(2))

    joined = await asyncio.gather(*(running.join("o-1", timeout_s=9) for _ in range(3)))

    assert [STORED] * 3 == joined
    assert 0 == len(running)
    assert None is await running.join("o-1", timeout_s=9)


async def test_joining_has_a_bound_and_leaves_the_saga_running() -> None:
    """Who waits too long goes without; the saga does not notice."""
    running = RunningSagas()
    task = running.start("o-1", _ends(10))
    began = now_s()

    assert None is await running.join("o-1", timeout_s=3)
    assert began + 3 == now_s()
    assert STORED is await task


async def test_a_saga_without_an_end_gives_nothing_to_join() -> None:
    """Lost or cancelled, whoever waits reads the record instead."""
    running = RunningSagas()
    running.start("lost", _fails(CustodyLostError("lost")))
    cancelled = running.start("cancelled", _ends(9))
    asyncio.get_running_loop().call_later(1, cancelled.cancel)

    assert None is await running.join("lost", timeout_s=9)
    assert None is await running.join("cancelled", timeout_s=9)


async def test_draining_lets_sagas_end_and_cancels_the_rest() -> None:
    """Those that are done in time are done; the others are told to give up."""
    running = RunningSagas()
    quick, stuck = running.start("quick", _ends(3)), running.start("stuck", _ends(1000))
    began = now_s()

    await running.drain(finish_within_s=10, give_up_within_s=5)

    assert STORED is quick.result()
    assert stuck.cancelled()
    assert began + 10 == now_s()


async def test_draining_takes_no_longer_than_it_must() -> None:
    """When all have ended it is over, and where there are none it is nothing."""
    running = RunningSagas()
    running.start("o-1", _ends(3))
    began = now_s()

    await running.drain(finish_within_s=40, give_up_within_s=5)
    await running.drain(finish_within_s=40, give_up_within_s=5)

    assert began + 3 == now_s()


async def test_a_saga_that_does_not_give_up_does_not_hold_up_the_shutdown() -> None:
    """There is a bound to everything."""
    running = RunningSagas()

    async def stubborn() -> StoredOrder:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(60)
        return STORED

    running.start("o-1", stubborn())
    began = now_s()

    await running.drain(finish_within_s=1, give_up_within_s=5)

    assert began + 6 == now_s()


async def test_a_second_run_of_an_order_is_the_one_that_is_joined() -> None:
    """Taken over by the replica that lost it, the order is found in its new run."""
    running = RunningSagas()
    running.start("o-1", _fails(CustodyLostError("lost")))
    running.start("o-1", _ends(5))
    await asyncio.sleep(2)

    assert STORED is await running.join("o-1", timeout_s=9)


async def test_a_bug_is_logged_and_a_lost_order_is_not(caplog: pytest.LogCaptureFixture) -> None:
    """What is no error on purpose has a stack trace in the log, under the order's id."""
    running = RunningSagas()
    with caplog.at_level(logging.ERROR):
        running.start("o-1", _fails(CustodyLostError("lost")))
        running.start("o-2", _fails(ZeroDivisionError("bug")))
        await asyncio.sleep(2)

    (line,) = caplog.records
    assert "o-2" == vars(line)["orderId"]
    assert line.exc_info is not None


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """Give a list to which the handler that was there before writes."""
    calls: list[str] = []

    def before(_: int, __: FrameType | None) -> None:
        calls.append("server")

    original = signal.signal(signal.SIGTERM, before)
    yield calls
    signal.signal(signal.SIGTERM, original)


def test_sigterm_is_heard_here_first_and_then_by_the_server(heard: list[str]) -> None:
    """Readiness fails before the listener closes; afterwards all is as before."""
    with on_sigterm(lambda: heard.append("readiness")):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)

    assert ["readiness", "server", "server"] == heard


def test_outside_the_main_thread_nothing_is_installed(heard: list[str]) -> None:
    """Signals cannot be heard there; the application starts all the same."""

    def begin() -> None:
        with on_sigterm(lambda: heard.append("readiness")):
            pass

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    os.kill(os.getpid(), signal.SIGTERM)

    assert ["server"] == heard


def test_a_signal_that_nobody_handled_before_is_handled_here(heard: list[str]) -> None:
    """A default or ignored handler is not called."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    with on_sigterm(lambda: heard.append("readiness")):
        os.kill(os.getpid(), signal.SIGTERM)

    assert ["readiness"] == heard
