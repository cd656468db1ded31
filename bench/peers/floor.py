"""The floor: what seven calls cost when nothing is done but to send and receive them.

Raw uvloop protocols and requests formatted beforehand: an order is neither read nor checked, ids
are always the same, answers are not parsed. No service can be cheaper in this language.

    python -m bench.peers.floor --port 8004
"""

import argparse
import asyncio
import re
import urllib.parse
from collections.abc import Callable
from typing import Final, cast

import uvloop
from pydantic_core import to_json

from bench.peers.calls import Call, after, before, steps

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BACKLOG: Final = 2048

_ORDER: Final = {
    "id": "00000000-0000-4000-8000-000000000001",
    "userId": "u-1",
    "address": {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"},
    "currency": "INR",
    "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}],
    "total": "999.00",
}
_CALLS: Final = (before(_ORDER), *steps(_ORDER), after(_ORDER))


def whole(data: bytes) -> bool:
    """Whether this is a whole message, its body included."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    length = _LENGTH.search(data, 0, head_end)
    return len(data) >= head_end + 4 + (int(length[1]) if length else 0)


def formatted(call: Call) -> tuple[str, bytes]:
    """The address of a call, and all that is sent for it."""
    parts = urllib.parse.urlsplit(call.url)
    body = to_json(call.body)
    fields = "".join(f"{name}: {value}\r\n" for name, value in call.headers.items())
    head = (
        f"{call.method} {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: application/json\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    )
    return parts.netloc, head.encode() + body


_SENT: Final = [formatted(call) for call in _CALLS]

_BODY: Final = to_json({**_ORDER, "status": "CONFIRMED"})
_ANSWER: Final = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_BODY), _BODY)
)
_READY: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """A connection to an upstream; tells when an answer is there."""

    def __init__(self) -> None:
        self._answered: Callable[[], None] = lambda: None
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def ask(self, request: bytes, answered: Callable[[], None]) -> None:
        """Send the request; call back when its answer is whole."""
        self._answered = answered
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Wait for the whole of it."""
        self._kept += data
        if whole(self._kept):
            self._kept = b""
            self._answered()


class Order(asyncio.Protocol):
    """A client's connection: for each request the seven calls, then the answer."""

    idle: Final[dict[str, list[Upstream]]] = {address: [] for address, _ in _SENT}

    def __init__(self) -> None:
        self._kept = b""
        self._step = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Begin once the request is whole."""
        self._kept += data
        if not whole(self._kept):
            return
        if self._kept.startswith(b"GET"):
            self._transport.write(_READY)
        else:
            self._step = 0
            self._next()
        self._kept = b""

    def _next(self) -> None:
        if self._step == len(_SENT):
            self._transport.write(_ANSWER)
            return
        address, request = _SENT[self._step]
        self._step += 1
        if self.idle[address]:
            self._ask(self.idle[address].pop(), address, request)
        else:
            task = asyncio.ensure_future(self._connect(address, request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, address: str, request: bytes) -> None:
        host, _, port = address.partition(":")
        loop = asyncio.get_running_loop()
        _, upstream = await loop.create_connection(Upstream, host, int(port))
        self._ask(upstream, address, request)

    def _ask(self, upstream: Upstream, address: str, request: bytes) -> None:
        def answered() -> None:
            self.idle[address].append(upstream)
            self._next()

        upstream.ask(request, answered)


async def serve(port: int) -> None:
    """Listen until the process is ended."""
    await asyncio.get_running_loop().create_server(Order, "127.0.0.1", port, backlog=_BACKLOG)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.peers.floor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))
