"""A server that does what a test tells it, byte for byte, well behaved or not."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from testbed.listener import end, reset

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
CERTIFICATES: Final = Path(__file__).parent / "certificates"
"""A certificate for localhost and 127.0.0.1 with its key, valid for a century, and its authority,
whose own key does not exist any more. They protect nothing."""

GOOD: Final = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"id":"p-1"}'
"""An answer to which nobody could object."""


@dataclass(eq=False)
class Peer:
    """One connection, seen from the server."""

    server: "Server"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> bytes:
        """Read one whole request."""
        got = await self.reader.readuntil(b"\r\n\r\n")
        if length := _LENGTH.search(got):
            got += await self.reader.readexactly(int(length[1]))
        elif _CHUNKED.search(got):
            got += await self.reader.readuntil(b"0\r\n\r\n")
        self.server.requests.append(got)
        return got

    async def send(self, data: bytes) -> None:
        """Send, and let it leave."""
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes) -> None:
        """Send byte by byte, each in a packet of its own as far as a server can say so."""
        for byte in data:
            await self.send(bytes([byte]))
            await asyncio.sleep(0)

    async def fin(self) -> None:
        """End it in good manners."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def stall(self) -> None:
        """Read nothing any more."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    def reset(self) -> None:
        """End it with a reset."""
        reset(self.writer)

    async def ended(self) -> None:
        """Wait until the other side has closed."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass
        self.server.ended += 1


Play = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    """What has been seen so far."""

    url: str = ""
    connections: int = 0
    ended: int = 0
    requests: list[bytes] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)


def trusted() -> ssl.SSLContext:
    """Trust the test authority, and nobody else."""
    return ssl.create_default_context(cafile=CERTIFICATES / "ca.pem")


def identity() -> ssl.SSLContext:
    """Be localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@asynccontextmanager
async def serving(
    play: Play, *, tls: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Serve every connection with `play`; at its end the connection is ended too."""
    seen = Server()
    playing: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        peer = Peer(seen, reader, writer)
        seen.peers.append(peer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await play(peer)
        await peer.fin()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(handle(reader, writer))
        playing.add(task)

    server = await asyncio.start_server(accept, host, 0, ssl=identity() if tls else None)
    port = server.sockets[0].getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    seen.url = f"{'https' if tls else 'http'}://{name}:{port}"
    try:
        yield seen
    finally:
        await end(server)
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
        for peer in seen.peers:
            peer.writer.transport.abort()
        await server.wait_closed()


def answering(*answers: bytes) -> Play:
    """Answer the requests of a connection with these, one each, then end it."""

    async def play(peer: Peer) -> None:
        for answer in answers:
            await peer.request()
            await peer.send(answer)

    return play


async def well_behaved(peer: Peer) -> None:
    """Answer every request, and keep the connection."""
    while True:
        await peer.request()
        await peer.send(GOOD)


async def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for something to become true; a slow machine has all the time it needs."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
