"""A keep-alive connection that costs the measuring program as little as Python allows.

It reads what the database service writes, responses with a Content-Length, and nothing else.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Self, cast

_HEAD_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of a response."""

    status: int
    body: bytes


class LineBrokenError(Exception):
    """The connection ended before the reply did."""


class Line(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()
        self._waiting: asyncio.Future[Reply] | None = None

    @classmethod
    async def to(cls, host: str, port: int) -> Self:
        """Connect."""
        _, line = await asyncio.get_running_loop().create_connection(cls, host, port)
        return line

    @property
    def open(self) -> bool:
        """Whether a request can be sent: servers close what was idle for some seconds."""
        return self._transport is not None

    async def ask(self, request: bytes) -> Reply:
        """Send a whole request and return the whole reply."""
        if self._transport is None:
            raise LineBrokenError
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._received += data
        reply = self._reply()
        if reply is not None and self._waiting is not None:
            self._received.clear()
            self._waiting.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LineBrokenError(str(exc or "closed")))

    def _reply(self) -> Reply | None:
        received = self._received
        end = received.find(_HEAD_ENDS)
        if end < 0:
            return None
        begin = received.index(_LENGTH) + len(_LENGTH)
        length = int(received[begin : received.index(b"\r", begin)])
        body = end + len(_HEAD_ENDS)
        if len(received) < body + length:
            return None
        return Reply(int(received[9:12]), bytes(received[body:]))  # "HTTP/1.1 200"


def request(method: str, path: str, body: bytes = b"", *, key: str = "") -> bytes:
    """Return a request as it goes over the wire.

    It asks for a short answer, as the order service does.
    """
    named = f"X-Idempotency-Key: {key}\r\n" if key else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        "Prefer: return=minimal\r\n"
        f"Content-Length: {len(body)}\r\n{named}\r\n"
    )
    return head.encode() + body
