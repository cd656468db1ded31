"""The load generator: it counts what it should, and no wrong answer passes for throughput."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from bench.load import (
    OR_REFUSED,
    Tally,
    Target,
    Window,
    WrongAnswerError,
    closed_loop,
    open_loop,
)
from testbed.listener import end
from testbed.ports import HOST, free_port

WINDOW = Window(warm_up_s=0.0, seconds=0.05, at_least=10)

Answer = Callable[[int], bytes]
"""What a server says to its request of that number."""


def answer(status: int) -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 %d Any\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" % (
        status
    )


class Canned(asyncio.Protocol):
    """A connection that answers each request in pieces, for networks cut where they like."""

    def __init__(self, say: Callable[[], bytes]) -> None:
        self._say = say
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def abort(self) -> None:
        """End it; the loop does not last long enough to see that the other side has."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._kept += data
        if not self._kept.endswith(b"]}"):
            return
        self._kept = b""
        said = self._say()
        for byte in range(0, len(said), 7):
            self._transport.write(said[byte : byte + 7])
        if not said:
            self._transport.close()


@asynccontextmanager
async def server(say: Answer) -> AsyncIterator[str]:
    """A server that answers with what `say` gives for the number of the request."""
    numbers = itertools.count(1)
    async with serving(lambda: Canned(lambda: say(next(numbers)))) as url:
        yield url


@asynccontextmanager
async def serving(connected: Callable[[], Canned]) -> AsyncIterator[str]:
    """A server with such connections, of which none is left at its end."""
    port = free_port()
    connections: list[Canned] = []

    def connect() -> Canned:
        connections.append(connected())
        return connections[-1]

    listening = await asyncio.get_running_loop().create_server(connect, HOST, port)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        await end(listening)
        for connection in connections:
            connection.abort()
        await asyncio.sleep(0)


async def closed(target: Target, window: Window = WINDOW) -> Tally:
    """Three customers."""
    return await closed_loop(target, lambda: 0.0, window, connections=3)


async def opened(target: Target, window: Window = WINDOW) -> Tally:
    """Some hundred orders a second."""
    return await open_loop(target, lambda: 0.0, window, rate=300)


LOOPS = pytest.mark.parametrize("loop", [closed, opened])


@LOOPS
async def test_counts_orders(loop: Callable[[Target], Awaitable[Tally]]) -> None:
    """Every 201 is an order with a latency, and the window lasts until there are enough of them."""
    async with server(lambda _: answer(201)) as url:
        tally = await loop(Target(url))

    assert tally.orders >= WINDOW.at_least
    assert tally.orders == tally.answers == len(tally.latencies_ms)
    assert min(tally.latencies_ms) > 0


@LOOPS
async def test_counts_refusals_apart(loop: Callable[[Target], Awaitable[Tally]]) -> None:
    """A refusal that is expected is an answer, but no order."""
    async with server(lambda number: answer(503 if number % 2 else 201)) as url:
        tally = await loop(Target(url, expected=OR_REFUSED))

    assert {201, 503} == set(tally.statuses)
    assert tally.orders == tally.statuses[201] == len(tally.latencies_ms)
    assert tally.refused_per_s > 0


@LOOPS
@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param(answer(503), "answered 503", id="a refusal nobody expected"),
        pytest.param(answer(200), "answered 200", id="a success of another kind"),
        pytest.param(b"", "answered nothing", id="a connection that breaks"),
    ],
)
async def test_wrong_answer(
    loop: Callable[[Target], Awaitable[Tally]], said: bytes, told: str
) -> None:
    """One wrong answer among good ones ends the run: a fast failure is not throughput."""
    async with server(lambda number: said if number == 5 else answer(201)) as url:
        with pytest.raises(WrongAnswerError, match=told):
            await loop(Target(url))


@LOOPS
async def test_window_lasts_until_there_are_enough(
    loop: Callable[[Target, Window], Awaitable[Tally]],
) -> None:
    """What is slow is looked at for as long as it takes to have some answers."""
    async with server(lambda _: answer(201)) as url:
        tally = await loop(Target(url), Window(warm_up_s=0.0, seconds=0.0, at_least=40))

    assert tally.answers >= 40


async def test_orders_come_whatever_becomes_of_those_before() -> None:
    """In an open loop orders go on coming while answers are held back, on further connections."""
    held: dict[asyncio.Protocol, Callable[[], None]] = {}

    class Holding(Canned):
        """Answers nobody until enough are waiting, each on a connection of its own."""

        def data_received(self, data: bytes) -> None:
            """Answer all of those that are there together."""
            del data
            held[self] = lambda: self._transport.write(answer(201))
            if len(held) >= WINDOW.at_least:
                for let_go in held.values():
                    let_go()
                held.clear()

    async with serving(lambda: Holding(lambda: b"")) as url:
        tally = await opened(Target(url))

    assert tally.orders >= WINDOW.at_least


async def test_a_stall_is_not_hidden() -> None:
    """Orders that were due during a stall have waited, though they were sent after it."""

    def stall_once(number: int) -> bytes:
        if number == 5:
            time.sleep(0.3)  # the load generator stands still too: it shares this thread
        return answer(201)

    async with server(stall_once) as url:
        tally = await opened(Target(url), Window(warm_up_s=0.0, seconds=0.1, at_least=40))

    assert sum(latency > 100 for latency in tally.latencies_ms) >= 20


@pytest.mark.parametrize("items", [1, 100])
def test_requests(items: int) -> None:
    """Every request has a key of its own and as many items as it should."""
    next_request = Target("http://127.0.0.1:1", items).requests()
    requests = [next_request() for _ in range(50)]

    keys = {request.partition(b"X-Idempotency-Key: ")[2].split(b"\r\n")[0] for request in requests}
    assert len(requests) == len(keys)
    assert items == requests[0].count(b'"sku"')
