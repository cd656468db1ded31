"""Which request meets which fault: seeded, counted, and switched off by `heal`."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from chaos.deck import Deck
from tests.storm.wire import End, Reply, Request, Silence


class Fault(StrEnum):
    """What can happen to one request."""

    REFUSED = "refused"  # the connection is closed before anything is read
    OUTAGE = "outage"  # nobody listens: the system refuses the connection
    CUT = "cut"  # received, dropped, no effect
    LOST_ANSWER = "lost answer"  # took effect, no answer
    LATE_ANSWER = "late answer"  # took effect, the caller has given up when the answer comes
    LATE_EFFECT = "late effect"  # takes effect after the caller has given up
    HELD = "create held until its undo"  # with all of its repeats: they must meet a tombstone
    STUBBORN = "undo that fails for seconds"  # longer than the tries of one call go on
    ERROR_BEFORE = "5xx before the effect"
    ERROR_AFTER = "5xx after the effect"
    BUSY = "503 with Retry-After"
    THROTTLED = "429"
    GARBAGE = "garbage"
    TORN = "reset in the body"
    SLOW = "slow, in time"


PER_REQUEST: Final = (
    *(
        fault
        for fault in Fault
        if fault not in {Fault.REFUSED, Fault.OUTAGE, Fault.HELD, Fault.STUBBORN}
    ),
    Fault.LATE_EFFECT,  # once more: what comes when its caller has gone is the worst of them
)
_HOLDS: Final = (True, *[False] * 24)  # one create in so many, each at another place
_RESISTS: Final = (True, *[False] * 9)  # one undo in so many
_STUBBORN_S: Final = 3.0
_CLOSES: Final = 0.1  # of good answers close the connection, so that new ones are made
_TURNED_AWAY: Final = 0.12  # of new connections, in bad weather

_GARBAGE: Final = (
    b"<html><body>It works!</body></html>",
    b"",
    b"[]",
    b"null",
    b"{}",
    b'{"id": 7, "status": ["captured"]}',
    b'{"id": "00000000-0000-0000-0000-000000000000", "status": "captured"}',
    b'{"status": "reserved", "id": "',
    b"\xff\xfe\x00garbage",
)


@dataclass(frozen=True)
class Climate:
    """How bad it gets: `timeout_s` is the caller's; delays go from there to `longest_s` beyond."""

    timeout_s: float
    longest_s: float
    chance: float
    kinds: tuple[Fault, ...] = PER_REQUEST


class Weather:
    """The faults of one service."""

    def __init__(self, climate: Climate, rng: random.Random) -> None:
        self._climate = climate
        self._rng = rng
        self._healed = False
        self._fates = Deck(climate.kinds, rng)
        self._holds = Deck(_HOLDS, rng)
        self._creates: dict[str, bool] = {}
        self._resists = Deck(_RESISTS, rng)
        self._undos: dict[str, float] = {}
        self.counts: Counter[Fault] = Counter()
        self.late = 0
        """Requests that are to take effect, or to be answered, later."""
        self.factor = 1.0
        """Raised in a squall, 0 in calm."""

    def heal(self) -> None:
        """No more faults; what is late already stays late."""
        self._healed = True

    def turns_away(self) -> bool:
        """Whether a new connection is closed unread."""
        if self._healed or self._rng.random() >= _TURNED_AWAY * self.factor:
            return False
        self.counts[Fault.REFUSED] += 1
        return True

    def draw(self, *, create: str | None = None, undo: str | None = None) -> Fault | None:
        """The fate of the next request; `create` or `undo` is the id that it is about."""
        if self._healed:
            return None
        if create is not None and self._is_held(create):
            fault = Fault.HELD
        elif undo is not None and self._is_stubborn(undo):
            fault = Fault.STUBBORN
        elif self._rng.random() >= self._climate.chance * self.factor:
            return None
        else:
            fault = self._fates.deal()
        self.counts[fault] += 1
        return fault

    def _is_held(self, create: str) -> bool:
        if create not in self._creates:
            self._creates[create] = self._holds.deal()
        return self._creates[create]

    def _is_stubborn(self, undo: str) -> bool:
        now = time.monotonic()
        if undo not in self._undos:
            self._undos[undo] = now + (_STUBBORN_S if self._resists.deal() else 0.0)
        return now < self._undos[undo]

    async def befall(  # noqa: C901, PLR0911, PLR0912 - a table of faults reads best as one match
        self,
        fault: Fault | None,
        request: Request,
        act: Callable[[Request], Awaitable[Reply]],
        undone: asyncio.Event | None = None,
    ) -> Reply | Silence:
        """Let `act` answer the request, or not, as the fault will have it.

        `undone` is set when what the request creates has been undone.
        """
        match fault:
            case Fault.CUT:
                return self._silence()
            case Fault.LOST_ANSWER:
                await act(request)
                return self._silence()
            case Fault.LATE_ANSWER:
                reply = await act(request)
                await self._linger()
                return reply
            case Fault.LATE_EFFECT:
                await self._linger()
                return await act(request)
            case Fault.HELD:
                await self._hold(undone or asyncio.Event())
                return await act(request)
            case Fault.ERROR_BEFORE | Fault.STUBBORN:
                return self._error()
            case Fault.ERROR_AFTER:
                await act(request)
                return self._error()
            case Fault.BUSY:
                await self._perhaps(act, request)
                return self._later(503)
            case Fault.THROTTLED:
                await self._perhaps(act, request)
                return self._later(429)
            case Fault.GARBAGE:
                await self._perhaps(act, request)
                kind = self._rng.choice(["application/json", "text/html"])
                body = self._rng.choice(_GARBAGE)
                return Reply(self._rng.choice([200, 201]), body, {"Content-Type": kind})
            case Fault.TORN:
                return replace(await act(request), end=End.TORN)
            case Fault.SLOW:
                await asyncio.sleep(self._rng.uniform(0.2, 0.8) * self._climate.timeout_s)
                return await act(request)
            case _:
                end = End.CLOSE if self._rng.random() < _CLOSES else End.KEEP
                return replace(await act(request), end=end)

    async def _linger(self) -> None:
        """Past the caller's time-out; mostly soon, sometimes beyond its lease."""
        spread = self._rng.random() ** 3 * (self._climate.longest_s - self._climate.timeout_s)
        self.late += 1
        try:
            await asyncio.sleep(self._climate.timeout_s + 0.05 + spread)
        finally:
            self.late -= 1

    async def _hold(self, undone: asyncio.Event) -> None:
        """Until just after the undo, or as long as anything takes that is late."""
        self.late += 1
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(undone.wait(), self._climate.longest_s)
            await asyncio.sleep(self._rng.uniform(0, 0.3))
        finally:
            self.late -= 1

    async def _perhaps(self, act: Callable[[Request], Awaitable[Reply]], request: Request) -> None:
        """A 429, a 5xx and an unreadable answer are of unknown outcome (contract rule 4)."""
        if self._rng.random() < 0.4:  # often enough to matter
            await act(request)

    def _silence(self) -> Silence:
        return self._rng.choice([Silence.FIN, Silence.RST])

    def _error(self) -> Reply:
        status = self._rng.choice([500, 500, 502, 503, 504])
        if self._rng.random() < 0.5:  # half of them as a broken gateway would
            return Reply(status, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html"})
        return Reply.of(status, {"code": "broken", "detail": "injected", "status": status})

    def _later(self, status: int) -> Reply:
        reply = Reply.of(status, {"code": "later", "detail": "injected", "status": status})
        wait = self._rng.choice(["0", "1", "1", "2"])
        return replace(reply, headers={**reply.headers, "Retry-After": wait})
