"""Answers as servers may give them: whole, in pieces, with and without a body."""

import httpx
import pytest

from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import Peer, answering, serving

OK = b"HTTP/1.1 200 OK\r\n"

ANSWERS: dict[str, tuple[bytes, str, int, bytes]] = {
    "with a length": (OK + b"Content-Length: 2\r\n\r\nhi", "POST", 200, b"hi"),
    "in chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;a=b\r\ni\r\n0\r\nX-Sum: 7\r\n\r\n",
        "POST",
        200,
        b"hi",
    ),
    "until the end": (OK + b"Server: x\r\n\r\nhi", "POST", 200, b"hi"),
    "until the end, and nothing": (OK + b"\r\n", "POST", 200, b""),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nhi", "POST", 200, b"hi"),
    "HTTP/1.0 with a length": (
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "POST",
        200,
        b"hi",
    ),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", "POST", 204, b""),
    "304 with the length of what it is not": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        "GET",
        304,
        b"",
    ),
    "HEAD": (OK + b"Content-Length: 9\r\n\r\n", "HEAD", 200, b""),
    "HEAD in chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", "HEAD", 200, b""),
    "HEAD without a length": (OK + b"\r\n", "HEAD", 200, b""),
    "after 100": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi",
        "POST",
        200,
        b"hi",
    ),
    "after 103 with fields": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 7\r\n\r\n"
        + OK
        + b"Content-Length: 2\r\n\r\nhi",
        "POST",
        200,
        b"hi",
    ),
    "no reason": (b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "POST", 200, b""),
    "a status of a later day": (b"HTTP/1.1 799 ?\r\nContent-Length: 0\r\n\r\n", "POST", 799, b""),
}

EACH = pytest.mark.parametrize(
    ("answer", "method", "status", "body"), ANSWERS.values(), ids=ANSWERS
)


@EACH
async def test_an_answer_is_understood(
    transport: httpx.AsyncBaseTransport, answer: bytes, method: str, status: int, body: bytes
) -> None:
    """In one piece."""
    async with serving(answering(answer)) as server:
        assert (status, body) == await ask(transport, a_request(server.url, method))


@EACH
async def test_an_answer_is_understood_byte_by_byte(
    transport: httpx.AsyncBaseTransport, answer: bytes, method: str, status: int, body: bytes
) -> None:
    """In as many pieces as it has bytes."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.drip(answer)

    async with serving(play) as server:
        assert (status, body) == await ask(transport, a_request(server.url, method))


async def test_an_answer_is_understood_however_it_is_cut(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """In two pieces, for every place where it can be cut."""
    whole, _, _, body = ANSWERS["in chunks"]
    cuts = iter(range(1, len(whole)))

    async def play(peer: Peer) -> None:
        cut = next(cuts)
        await peer.request()
        await peer.send(whole[:cut])
        await peer.drip(b"")
        await peer.send(whole[cut:])

    async with serving(play) as server:
        for _ in range(1, len(whole)):
            request = a_request(server.url, headers={"Connection": "close"})
            assert (200, body) == await ask(transport, request)

    assert len(whole) - 1 == server.connections


async def test_fields_come_as_they_are(transport: httpx.AsyncBaseTransport) -> None:
    """Repeated ones repeated, bytes beyond ASCII kept, trailers left out."""
    answer = (
        OK + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Name: J\xfcrgen\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Late: 1\r\n\r\n"
    )
    async with serving(answering(answer)) as server:
        response = await transport.handle_async_request(a_request(server.url))
        await response.aread()
        await response.aclose()

    assert ["a=1", "b=2"] == response.headers.get_list("set-cookie")
    assert b"J\xfcrgen" == dict(response.headers.raw)[b"X-Name"]
    assert "x-late" not in response.headers
    assert "HTTP/1.1" == response.http_version


async def test_a_compressed_answer_is_unpacked_by_httpx(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """A transport hands on what it got; the response object knows codings."""
    packed = httpx.Response(200, json={"id": "p-1"})
    answer = OK + b"Content-Encoding: identity\r\nContent-Length: %d\r\n\r\n%b" % (
        len(packed.content),
        packed.content,
    )
    async with serving(answering(answer)) as server:
        assert (200, packed.content) == await ask(transport, a_request(server.url))


async def test_ipv6_is_spoken(transport: httpx.AsyncBaseTransport) -> None:
    """An address in brackets."""
    async with serving(answering(ANSWERS["with a length"][0]), host="::1") as server:
        assert (200, b"hi") == await ask(transport, a_request(server.url))
