"""What can happen to a call, as a table of named values.

A fault is told how to carry the request out, and decides whether, when and how often that happens,
what the caller gets to see of it, and what becomes of the caller.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Never, Protocol

import httpx

from proof.replica import Replica
from proof.upstreams import Reply, reply


class Exchange(Protocol):
    """One request under way, as a fault sees it."""

    replica: Replica
    call: str

    def carry_out(self) -> Reply:
        """Let the service do it, now."""
        ...

    def keep_for_later(self) -> None:
        """Leave the request in the network until its order has ended."""
        ...

    def wake_amid_successor(self) -> None:
        """Wake the worker, if it sleeps, when another is in the middle of its work."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """`once`: to one request; otherwise to all of them until everything works again.

    `back`: whoever takes the order over finds it too late to go on forward.
    """

    name: str
    says: str
    befall: Callable[[Exchange], Awaitable[Reply]]
    once: bool = False
    costs_worker: bool = False
    back: bool = False


NAP_S: Final = 8.0
"""Beyond the lease of the proof (6 s), by as much as a successor needs to be in the middle of it or
done."""

LONG_NAP_S: Final = 12.5
"""Beyond the resume window of the proof (10 s), by the same."""


async def _silence() -> Never:
    """No answer: the caller's time-out ends the wait."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def _refused(_: Exchange) -> Reply:
    message = "connection refused"
    raise httpx.ConnectError(message)


async def _lost(exchange: Exchange) -> Reply:
    exchange.carry_out()
    message = "server disconnected without sending a response"
    raise httpx.RemoteProtocolError(message)


async def _slow(exchange: Exchange) -> Reply:
    exchange.carry_out()
    return await _silence()


async def _late(exchange: Exchange) -> Reply:
    try:
        return await _silence()
    except asyncio.CancelledError:
        exchange.carry_out()
        raise


async def _belated(exchange: Exchange) -> Reply:
    exchange.keep_for_later()
    return await _silence()


async def _broken_after(exchange: Exchange) -> Reply:
    exchange.carry_out()
    return reply(500, {"status": 500, "code": "internal_error"})


async def _busy(_: Exchange) -> Reply:
    return Reply(429, b"{}", {"Retry-After": "1"})


async def _unavailable(_: Exchange) -> Reply:
    return Reply(503, b"{}", {"Retry-After": "1"})


async def _garbage(_: Exchange) -> Reply:
    return Reply(200, b"<html>welcome</html>", {})


async def _rejected(_: Exchange) -> Reply:
    return reply(409, {"status": 409, "code": "refused", "detail": "a definite no"})


async def _crash_before(exchange: Exchange) -> Reply:
    exchange.replica.die()


async def _crash_after(exchange: Exchange) -> Reply:
    exchange.carry_out()
    exchange.replica.die()


async def _sigterm(exchange: Exchange) -> Reply:
    exchange.carry_out()
    exchange.replica.terminate()
    return await _silence()


def _sleeps_before(seconds: float) -> Callable[[Exchange], Awaitable[Reply]]:
    async def befall(exchange: Exchange) -> Reply:
        exchange.replica.sleep(seconds)
        await asyncio.sleep(0)
        return exchange.carry_out()

    return befall


def _sleeps_after(seconds: float) -> Callable[[Exchange], Awaitable[Reply]]:
    async def befall(exchange: Exchange) -> Reply:
        answer = exchange.carry_out()
        exchange.replica.sleep(seconds)
        await asyncio.sleep(0)
        return answer

    return befall


async def _dozes_before(exchange: Exchange) -> Reply:
    exchange.replica.sleep(LONG_NAP_S)
    exchange.wake_amid_successor()
    await asyncio.sleep(0)
    return exchange.carry_out()


REFUSED: Final = Fault("refused", "the connection is refused", _refused)
LOST: Final = Fault("lost", "carried out; the connection breaks", _lost, once=True)
SLOW: Final = Fault("slow", "carried out; no answer before the time-out", _slow)
LATE: Final = Fault("late", "arrives when its caller has just given it up", _late)
BELATED: Final = Fault("belated", "arrives when its order has ended", _belated)
STRAY: Final = Fault("stray", "its first try arrives when its order has ended", _belated, once=True)
UNAVAILABLE: Final = Fault("unavailable", "503 with Retry-After, nothing done", _unavailable)
BROKEN_AFTER: Final = Fault("broken-after", "500, but carried out", _broken_after)
BUSY: Final = Fault("busy", "429 with Retry-After, nothing done", _busy, once=True)
GARBAGE: Final = Fault("garbage", "200 with a page of HTML, nothing done", _garbage)
REJECTED: Final = Fault("rejected", "a definite no, nothing done", _rejected, once=True)
CRASH_BEFORE: Final = Fault(
    "crash-before", "the worker dies before it is sent", _crash_before, once=True, costs_worker=True
)
CRASH_AFTER: Final = Fault(
    "crash-after", "carried out; the worker dies", _crash_after, once=True, costs_worker=True
)
SIGTERM: Final = Fault("sigterm", "carried out; SIGTERM, no time to finish", _sigterm, once=True)
SLEEP_BEFORE: Final = Fault(
    "sleep-before",
    "the worker sleeps past its lease before it is sent; its successor goes forward",
    _sleeps_before(NAP_S),
    once=True,
    costs_worker=True,
)
DOZE_BEFORE: Final = Fault(
    "doze-before",
    "the worker sleeps past its lease before it is sent, until its successor is half done",
    _dozes_before,
    once=True,
    costs_worker=True,
)
SLEEP_AFTER: Final = Fault(
    "sleep-after",
    "carried out; the worker sleeps past its lease; its successor goes forward",
    _sleeps_after(NAP_S),
    once=True,
    costs_worker=True,
)
SLEEP_BEFORE_LONG: Final = Fault(
    "sleep-before-long",
    "as sleep-before, but the successor finds it too late and goes back",
    _sleeps_before(LONG_NAP_S),
    once=True,
    costs_worker=True,
    back=True,
)
SLEEP_AFTER_LONG: Final = Fault(
    "sleep-after-long",
    "as sleep-after, but the successor finds it too late and goes back",
    _sleeps_after(LONG_NAP_S),
    once=True,
    costs_worker=True,
    back=True,
)

OF_A_PARTICIPANT: Final = (
    REFUSED,
    LOST,
    SLOW,
    LATE,
    BELATED,
    STRAY,
    UNAVAILABLE,
    BROKEN_AFTER,
    BUSY,
    GARBAGE,
    REJECTED,
    CRASH_BEFORE,
    CRASH_AFTER,
    SIGTERM,
    SLEEP_BEFORE,
    SLEEP_AFTER,
    SLEEP_BEFORE_LONG,
    SLEEP_AFTER_LONG,
)
"""What befalls the calls of steps and undos."""

OF_THE_RECORD: Final = (
    REFUSED,
    LOST,
    SLOW,
    BELATED,
    CRASH_BEFORE,
    CRASH_AFTER,
    SLEEP_BEFORE,
    DOZE_BEFORE,
    SLEEP_AFTER,
)
"""What befalls the calls of the database service: what differs in what is known after it."""
