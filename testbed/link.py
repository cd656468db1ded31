"""A TCP link between one caller and one service, which breaks as networks break.

Unlike `FaultProxy` it knows no HTTP: it passes bytes, keeps connections open between requests as
the two ends wish, and does to *connections* what a network does: cuts them in use, refuses them,
loses what comes back, delays, falls silent, and delivers what was sent after its sender has gone.
"""

import asyncio
import contextlib
import urllib.parse
from collections import Counter
from enum import StrEnum, auto
from typing import Final

from testbed.listener import Listener, reset
from testbed.ports import HOST, free_port

_CHUNK: Final = 65536  # bytes; a request or an answer of ours is a few kilobytes
_DRAIN_S: Final = 0.02  # what the caller wrote in one go has arrived by then, its end too
_LAST_ANSWER_S: Final = 10.0  # a service that was sent a request may finish it, its caller gone


class Mode(StrEnum):
    """What the link does to traffic."""

    FAIR = auto()
    """Passes it on."""
    TURNING_AWAY = auto()
    """Resets every new connection."""
    LOSING_ANSWERS = auto()
    """Resets a connection as an answer comes back on it; the service has done its work."""
    SLOW = auto()
    """Lets each request wait for `delay_s`."""
    SILENT = auto()
    """Takes requests and passes none on; they are lost when the mode ends."""
    HOLDING = auto()
    """Takes requests and passes them on when the mode ends, callers or not."""


class Link:
    """One way to `target` (http://host:port), at an address of its own; `counts` what it did.

    Every request takes `latency_s` longer than without it, as between two machines.

    Counted are: `turned away`, `lost` answers, `delayed`, `swallowed`, `held` requests, of those
    `late` ones that were delivered after their caller had gone, and connections `cut in use`.
    """

    def __init__(self, target: str, *, latency_s: float = 0.0) -> None:
        parts = urllib.parse.urlsplit(target)
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"cannot lead to {target!r}: give it as http://host:port")
        self._target = (parts.hostname, parts.port)
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        self.counts: Counter[str] = Counter()
        self.latency_s = latency_s
        self.delay_s = 0.0
        self.mode = Mode.FAIR
        self._changed = asyncio.Event()
        self._listener = Listener(port, self._serve)
        self._connections: set[_Connection] = set()

    @property
    def in_hand(self) -> int:
        """Requests on their way: sent by the caller, not answered yet."""
        return sum(connection.in_hand for connection in self._connections)

    async def open(self) -> None:
        """Listen."""
        await self._listener.open()

    async def shut(self) -> None:
        """Stop listening: the system refuses new connections; those that are open go on."""
        await self._listener.shut()

    def cut(self) -> int:
        """Reset all connections; return how many had a request in hand."""
        in_use = self.in_hand
        self.counts["cut in use"] += in_use
        for connection in tuple(self._connections):
            connection.reset()
        return in_use

    def become(self, mode: Mode, *, delay_s: float = 0.0) -> None:
        """Behave like this from now on; what the mode before held is let go (or lost)."""
        self.mode, self.delay_s = mode, delay_s
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def close(self) -> None:
        """Stop for good, whatever is under way."""
        await self._listener.shut()
        self.cut()
        await self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.TURNING_AWAY:
            self.counts["turned away"] += 1
            reset(writer)
            return
        try:
            upstream = await asyncio.open_connection(*self._target)
        except OSError:
            reset(writer)
            return
        connection = _Connection(self, (reader, writer), upstream)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def pass_on(self, data: bytes, reader: asyncio.StreamReader) -> bytes | None:
        """A request on its way: what is to be sent, and when; None when it is lost."""
        match self.mode:
            case Mode.SLOW:
                self.counts["delayed"] += 1
                await asyncio.sleep(self.delay_s)
            case Mode.SILENT:
                self.counts["swallowed"] += 1
                await self._changed.wait()
                return None
            case Mode.HOLDING:
                self.counts["held"] += 1
                await self._changed.wait()
                rest, gone = await _rest(reader)
                self.counts["late"] += gone
                return data + rest
            case _:
                await asyncio.sleep(self.latency_s)
        return data


class _Connection:
    """A caller's connection and ours to the service, and the two ways between them."""

    def __init__(
        self,
        link: Link,
        caller: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._link = link
        self._from_caller, self._to_caller = caller
        self._from_upstream, self._to_upstream = upstream
        self._answered = asyncio.Event()
        self._answered.set()

    @property
    def in_hand(self) -> bool:
        return not self._answered.is_set()

    async def run(self) -> None:
        ways = (asyncio.create_task(self._there()), asyncio.create_task(self._back()))
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._to_caller.close()
            self._to_upstream.close()

    def reset(self) -> None:
        reset(self._to_caller)
        reset(self._to_upstream)

    async def _there(self) -> None:
        with contextlib.suppress(OSError):
            while data := await self._from_caller.read(_CHUNK):
                self._answered.clear()
                passed = await self._link.pass_on(data, self._from_caller)
                if passed is None:
                    self.reset()
                    return
                self._to_upstream.write(passed)
                await self._to_upstream.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._answered.wait(), _LAST_ANSWER_S)

    async def _back(self) -> None:
        with contextlib.suppress(OSError):
            while data := await self._from_upstream.read(_CHUNK):
                self._answered.set()
                if self._link.mode is Mode.LOSING_ANSWERS:
                    self._link.counts["lost"] += 1
                    self.reset()
                    return
                if not self._to_caller.is_closing():
                    self._to_caller.write(data)


async def _rest(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """What else the caller has sent, and whether it has gone since."""
    rest = b""
    with contextlib.suppress(TimeoutError):
        while True:
            more = await asyncio.wait_for(reader.read(_CHUNK), _DRAIN_S)
            if not more:
                return rest, True
            rest += more
    return rest, False
