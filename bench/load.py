"""The customers: a closed loop (each waits for its answer) and an open one (orders just come).

Raw uvloop protocols, so that the machine is left to what is measured. Every answer is looked at:
one that was not expected ends the run with an error, for a fast failure is not throughput.
"""

import asyncio
import itertools
import json
import random
import re
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, Self, cast

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

_IDLE_S: Final = 3.0
"""uvicorn closes a connection that is idle for 5 s; one that closes just as a request is sent would
count as a failure of what is measured."""

_REST_BOUND_S: Final = 10.0
"""Orders that are still under way then are left to themselves; the slowest here take five."""

_SLOWEST_S: Final = 60.0
"""A window that has to wait longer for enough answers measures something that does not work."""

_LOOK_S: Final = 0.02

CREATED: Final = frozenset({HTTPStatus.CREATED.value})

OR_REFUSED: Final = CREATED | {HTTPStatus.SERVICE_UNAVAILABLE.value}
"""For runs that offer more than can be taken."""


class WrongAnswerError(Exception):
    """What is measured answered something else than it should: no figure can come of it."""


@dataclass(frozen=True)
class Window:
    """When answers count: after the warm-up, for so long, and until there are enough of them."""

    warm_up_s: float
    seconds: float
    at_least: int = 1

    def longer(self, times: float) -> Self:
        """For what is slow."""
        return replace(self, warm_up_s=self.warm_up_s * times, seconds=self.seconds * times)


@dataclass
class Tally:
    """What was answered while it was counted."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    """Of the orders that were placed (201)."""

    @property
    def answers(self) -> int:
        """How many answers there were, refusals included."""
        return self.statuses.total()

    @property
    def orders(self) -> int:
        """How many were placed."""
        return self.statuses[HTTPStatus.CREATED]

    @property
    def per_s(self) -> float:
        """Orders placed in a second."""
        return self.orders / self.seconds

    @property
    def refused_per_s(self) -> float:
        """Orders refused (503) in a second."""
        return self.statuses[HTTPStatus.SERVICE_UNAVAILABLE] / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds for one order."""
        return 1000 * self.cpu_s / self.orders

    def percentile_ms(self, share: float) -> float:
        """The latency that `share` of the orders did not exceed."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


Meter = Callable[[], float]
"""CPU seconds used so far by what is measured."""


@dataclass(frozen=True)
class Target:
    """Where orders go, and what each looks like."""

    url: str
    items: int = 1
    expected: Collection[int] = CREATED

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urllib.parse.urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    def requests(self) -> Callable[[], bytes]:
        """A function that gives the next request; each has a key of its own."""
        body = json.dumps(order(self.items)).encode()
        head = (
            "POST /orders HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Idempotency-Key: {random.getrandbits(64):x}-"
        ).encode()
        numbers = itertools.count()
        return lambda: b"%b%d\r\n\r\n%b" % (head, next(numbers), body)


def order(items: int) -> dict[str, object]:
    """An order of so many lines."""
    return {
        "userId": "u-1",
        "address": {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"},
        "currency": "INR",
        "items": [{"sku": f"SKU-{n}", "qty": 2, "price": "499.50"} for n in range(1, items + 1)],
    }


class Connection(asyncio.Protocol):
    """One keep-alive connection; calls back with the status of each answer."""

    def __init__(self, answered: Callable[["Connection", int], None]) -> None:
        self.began = 0.0
        self.idle_since = 0.0
        self.lost: bool = False
        self.busy: bool = False
        self._answered = answered
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def send(self, request: bytes, began: float) -> None:
        """Send it; `began` is when it should have been sent."""
        self.began = began
        self.busy = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Call back once the answer is whole."""
        data = self._kept + data if self._kept else data
        head_end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, max(head_end, 0))
        if head_end < 0 or length is None or len(data) < head_end + 4 + int(length[1]):
            self._kept = data
            return
        self._kept = b""
        self.busy = False
        self._answered(self, int(data[9:12]))

    def connection_lost(self, _: Exception | None) -> None:
        """Nothing is lost while nothing was asked; otherwise it counts as an answer of status 0."""
        self.lost = True
        if self.busy:
            self.busy = False
            self._answered(self, 0)

    def close(self) -> None:
        """Close it; what is under way on it is of no interest any more."""
        self.busy = False
        self._transport.close()


class _Run:
    """What both loops share: connections, and a tally that counts only while it is told to."""

    def __init__(self, target: Target, meter: Meter) -> None:
        self.tally = Tally()
        self.next_request = target.requests()
        self._target = target
        self._meter = meter
        self._counting = False
        self._wrong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open: list[Connection] = []

    async def connect(self, answered: Callable[[Connection, int], None]) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(answered), *self._target.address
        )
        self._open.append(connection)
        return connection

    def note(self, connection: Connection, status: int, now: float) -> None:
        if status not in self._target.expected:
            text = f"{self._target.url} answered {status or 'nothing'} to an order"
            self.fail(WrongAnswerError(text))
            return
        if self._counting:
            self.tally.statuses[status] += 1
            if status == HTTPStatus.CREATED:
                self.tally.latencies_ms.append((now - connection.began) * 1000)

    async def count(self, window: Window) -> Tally:
        await self._stay(window.warm_up_s)
        began, used = time.perf_counter(), self._meter()
        self._counting = True
        await self._stay(window.seconds)
        give_up_at = began + _SLOWEST_S
        while self.tally.answers < window.at_least and time.perf_counter() < give_up_at:
            await self._stay(_LOOK_S)
        self._counting = False
        self.tally.seconds = time.perf_counter() - began
        self.tally.cpu_s = self._meter() - used
        if self.tally.answers < window.at_least:
            raise WrongAnswerError(f"{self._target.url} answered next to nothing")
        return self.tally

    async def _stay(self, seconds: float) -> None:
        await asyncio.wait({self._wrong}, timeout=seconds)
        if self._wrong.done():
            self._wrong.result()

    def fail(self, error: BaseException) -> None:
        if not self._wrong.done():
            self._wrong.set_exception(error)

    async def come_to_rest(self) -> None:
        """What is under way would still use the core while the next one is measured."""
        give_up_at = time.perf_counter() + _REST_BOUND_S
        for connection in self._open:
            while connection.busy and time.perf_counter() < give_up_at:  # noqa: ASYNC110 - cheap
                await asyncio.sleep(_LOOK_S)
        for connection in self._open:
            connection.close()
        self._wrong.cancel()


async def closed_loop(target: Target, meter: Meter, window: Window, *, connections: int) -> Tally:
    """So many customers, each of whom orders again as soon as it is answered.

    Raises:
        WrongAnswerError: An answer was not one of those that are expected.
    """
    run = _Run(target, meter)
    running = True

    def answered(connection: Connection, status: int) -> None:
        now = time.perf_counter()
        run.note(connection, status, now)
        if running and not connection.lost:
            connection.send(run.next_request(), now)

    try:
        customers = [await run.connect(answered) for _ in range(connections)]
        for customer in customers:
            customer.send(run.next_request(), time.perf_counter())
        return await run.count(window)
    finally:
        running = False
        await run.come_to_rest()


async def open_loop(target: Target, meter: Meter, window: Window, *, rate: float) -> Tally:
    """Orders come as by a Poisson process of `rate` a second, whatever becomes of those before.

    The latency of an order counts from the moment it was meant to be sent: were it counted from the
    moment it was sent, a stall would hide the wait of all that it delayed.

    Raises:
        WrongAnswerError: An answer was not one of those that are expected.
    """
    run = _Run(target, meter)
    idle: list[Connection] = []
    chance = random.Random(1)  # noqa: S311 - the same arrivals in every run

    def answered(connection: Connection, status: int) -> None:
        connection.idle_since = time.perf_counter()
        run.note(connection, status, connection.idle_since)
        if not connection.lost:
            idle.append(connection)

    async def place(due: float) -> None:
        try:
            connection = _fresh(idle) or await run.connect(answered)
        except OSError as error:
            run.fail(error)
        else:
            connection.send(run.next_request(), due)

    arrivals = asyncio.create_task(_arrive(place, rate, chance))
    try:
        return await run.count(window)
    finally:
        arrivals.cancel()
        await asyncio.wait({arrivals})
        await run.come_to_rest()


async def _arrive(
    place: Callable[[float], Coroutine[Any, Any, None]], rate: float, chance: random.Random
) -> None:
    """Place an order at every moment that chance has chosen, together when they lie together."""
    due = time.perf_counter()
    async with asyncio.TaskGroup() as under_way:  # those that still connect end with it
        while True:
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))  # 0: let the answers in
            under_way.create_task(place(due))


def _fresh(idle: list[Connection]) -> Connection | None:
    """The connection that was used last; those that nobody has used for long are closed."""
    while idle:
        connection = idle.pop()
        if not connection.lost:
            if time.perf_counter() - connection.idle_since < _IDLE_S:
                return connection
            connection.close()
    return None
