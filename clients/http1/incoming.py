"""A body that is still coming: pieces in, pieces out, and a brake when nobody reads."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import httpx

from clients.http1.limits import HIGH_WATER_BYTES, LOW_WATER_BYTES


class Source(Protocol):
    """Where the pieces come from."""

    def pause(self) -> None:
        """Read no more from the socket."""
        ...

    def resume(self) -> None:
        """Read on."""
        ...

    def awaited(self) -> None:
        """Somebody waits for the next piece from now on."""
        ...

    def abandon(self, whose: "Incoming") -> None:
        """Close the connection, if it still works for `whose`."""
        ...


class Incoming(httpx.AsyncByteStream):
    """The body of one answer; closing it before its end closes the connection."""

    __slots__ = ("_ended", "_failure", "_paused", "_pieces", "_size", "_source", "_waiter")

    def __init__(self, source: Source, pieces: list[bytes]) -> None:
        self._source = source
        self._pieces = deque(pieces)
        self._size = sum(map(len, pieces))
        self._ended = False
        self._paused = False
        self._failure: httpx.RequestError | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for the next piece: only then does silence count as a fault."""
        return self._waiter is not None

    def feed(self, piece: bytes) -> None:
        """Take a piece from the connection."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > HIGH_WATER_BYTES and not self._paused:
            self._paused = True
            self._source.pause()
        self._wake()

    def end(self) -> None:
        """Nothing more will come; all is well."""
        self._ended = True
        if self._paused:
            # The connection goes on to other requests, and their answers have to be read.
            self._paused = False
            self._source.resume()
        self._wake()

    def fail(self, failure: httpx.RequestError) -> None:
        """Nothing more will come; what has come is told first."""
        if not self._ended:
            self._failure = failure
            self._wake()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if self._pieces:
                yield self._next()
            elif self._failure is not None:
                raise self._failure
            elif self._ended:
                return
            else:
                await self._wait()

    async def aclose(self) -> None:
        """End it; before the body's end that costs the connection."""
        if not self._ended:
            self._source.abandon(self)

    def _next(self) -> bytes:
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._paused and self._size <= LOW_WATER_BYTES:
            self._paused = False
            self._source.resume()
        return piece

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        self._source.awaited()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self._source.abandon(self)
            raise
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
