"""A small HTTP/1.1 server that can break off anywhere; faults need the socket, not a framework."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from testbed.listener import Listener, reset


@dataclass(frozen=True)
class Request:
    """What came in; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body; None when it is empty or no JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


class End(Enum):
    """How the connection goes on after the answer."""

    KEEP = auto()
    CLOSE = auto()
    TORN = auto()  # half of the body, then a reset


@dataclass(frozen=True)
class Reply:
    """What goes out, and how."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    end: End = End.KEEP

    @classmethod
    def of(cls, status: int, body: Mapping[str, Any]) -> "Reply":
        """A JSON answer."""
        kind = "application/json" if status < 400 else "application/problem+json"
        return cls(status, json.dumps(body).encode(), {"Content-Type": kind})


class Silence(Enum):
    """No answer at all."""

    FIN = auto()
    RST = auto()


Handler = Callable[[Request], Awaitable[Reply | Silence]]


class Server:
    """Listens on one port; can stop listening (then connections are refused) and begin again.

    `turns_away` is asked for each connection before anything is read from it. A request whose
    caller hangs up is carried out to its end, as real services do.
    """

    def __init__(self, port: int, handler: Handler, turns_away: Callable[[], bool]) -> None:
        self._handler = handler
        self._turns_away = turns_away
        self._listener = Listener(port, self._connected)

    async def open(self) -> None:
        """Listen."""
        await self._listener.open()

    async def shut(self) -> None:
        """Refuse connections; those that are open go on."""
        await self._listener.shut()

    async def close(self) -> None:
        """Stop for good, whatever is under way."""
        await self._listener.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self._turns_away():
                reset(writer)
            else:
                await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await _read(reader)) is not None:
            reply = await self._handler(request)
            if isinstance(reply, Silence):
                if reply is Silence.RST:
                    reset(writer)
                return
            if reply.end is End.TORN:
                writer.write(_head(reply) + reply.content[: len(reply.content) // 2])
                await writer.drain()
                await asyncio.sleep(0.01)  # so that the half arrives before the reset
                reset(writer)
                return
            writer.write(_head(reply) + reply.content)
            await writer.drain()
            if reply.end is End.CLOSE or request.headers.get("connection") == "close":
                return


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, content)


def _head(reply: Reply) -> bytes:
    connection = "keep-alive" if reply.end is End.KEEP else "close"
    headers = {
        **reply.headers,
        "Content-Length": str(len(reply.content)),
        "Connection": connection,
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    reason = HTTPStatus(reply.status).phrase
    return "\r\n".join([f"HTTP/1.1 {reply.status} {reason}", *lines, "", ""]).encode()
