"""How much a server may send: heads, fields, and bodies that nobody reads."""

import asyncio

import httpx
import pytest

from clients.http1.limits import HIGH_WATER_BYTES, MAX_FIELDS, MAX_HEAD_BYTES
from clients.http1.transport import LeanTransport
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import Peer, answering, serving, until

OK = b"HTTP/1.1 200 OK\r\n"
END = b"Content-Length: 2\r\n\r\nhi"


async def test_as_many_fields_as_are_allowed(ours: LeanTransport) -> None:
    """A hundred with the length; one more is too many."""
    fields = b"X: y\r\n" * (MAX_FIELDS - 1)
    async with serving(answering(OK + fields + END)) as server:
        assert (200, b"hi") == await ask(ours, a_request(server.url))
    async with serving(answering(OK + b"X: y\r\n" + fields + END)) as server:
        assert "RemoteProtocolError" == await ask(ours, a_request(server.url))


@pytest.mark.parametrize("fields", [1, 50], ids=["one field", "fifty fields"])
async def test_a_head_of_the_allowed_size(ours: LeanTransport, fields: int) -> None:
    """A little less passes, a little more does not, with the body in the same packet."""

    def answer(size: int) -> bytes:
        return OK + b"X: %b\r\n" % (b"y" * (size // fields)) * fields + END

    async with serving(answering(answer(MAX_HEAD_BYTES - 2000))) as server:
        assert (200, b"hi") == await ask(ours, a_request(server.url))
    async with serving(answering(answer(MAX_HEAD_BYTES + 2000))) as server:
        assert "RemoteProtocolError" == await ask(ours, a_request(server.url))


FLOODS: dict[str, tuple[bytes, bytes]] = {
    "a name that does not end": (OK, b"x"),
    "a value that does not end": (OK + b"X: ", b"y"),
    "fields that do not end": (OK, b"X: y\r\n"),
    "a reason that does not end": (b"HTTP/1.1 200 ", b"O"),
    "a chunk extension that does not end": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;",
        b"x",
    ),
    "trailers that do not end": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
        b"X: y\r\n",
    ),
    "a trailer that does not end": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: ",
        b"y",
    ),
}


@pytest.mark.parametrize(("begin", "flood"), FLOODS.values(), ids=FLOODS)
async def test_what_does_not_end_is_ended(ours: LeanTransport, begin: bytes, flood: bytes) -> None:
    """Nothing is collected without bounds, and the connection is closed."""
    sent = 0

    async def play(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(begin)
        while True:
            await peer.send(flood * 4000)
            sent += len(flood) * 4000

    async with serving(play) as server:
        assert "RemoteProtocolError" == await ask(ours, a_request(server.url))


async def test_a_body_that_nobody_reads_is_not_collected(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """The server is held back; what is read later is whole."""
    total = 50 * HIGH_WATER_BYTES
    sent = 0

    async def play(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(OK + b"Content-Length: %d\r\n\r\n" % total)
        while sent < total:
            await peer.send(b"x" * HIGH_WATER_BYTES)
            sent += HIGH_WATER_BYTES

    async with serving(play) as server:
        response = await transport.handle_async_request(a_request(server.url))
        # Wait until the server is stuck: until nothing has moved for as long as a read takes.
        seen = -1
        while seen != sent:
            seen = sent
            await asyncio.sleep(0.1)
        assert sent < total / 2
        assert total == len(await response.aread())
        await response.aclose()


async def test_a_connection_that_was_held_back_reads_its_next_answer() -> None:
    """The brake goes on with the very last byte; it is off again for the next request."""
    size = HIGH_WATER_BYTES + 1
    head_came = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Content-Length: %d\r\n\r\n" % size)
        await head_came.wait()
        await peer.send(b"x" * size)
        await peer.request()
        await peer.send(OK + END)

    async with LeanTransport(connections=1) as ours, serving(play) as server:
        unread = await ours.handle_async_request(a_request(server.url))
        head_came.set()
        assert (200, b"hi") == await ask(ours, a_request(server.url, read=10.0))
        assert size == len(await unread.aread())
        await unread.aclose()

    assert 1 == server.connections


async def test_a_body_left_in_the_middle_closes_its_connection(ours: LeanTransport) -> None:
    """Also when reading had stopped."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Content-Length: %d\r\n\r\n" % 10**9)
        try:
            while True:
                await peer.send(b"x" * 100_000)
        finally:
            peer.server.ended += 1

    async with serving(play) as server:
        response = await ours.handle_async_request(a_request(server.url))
        async for _ in response.aiter_raw():
            break
        await response.aclose()
        await until(lambda: server.ended == 1)
