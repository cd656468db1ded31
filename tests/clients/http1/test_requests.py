"""What goes out: one write, nothing that was not meant to be, and bodies of every kind."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from clients.http1.transport import LeanTransport
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, serving, until, well_behaved

ANSWERED = (200, b'{"id":"p-1"}')


async def test_head_and_body_leave_together(ours: LeanTransport) -> None:
    """One write, one packet: the server has the request at its first read."""
    reads: list[bytes] = []

    async def play(peer: Peer) -> None:
        reads.append(await peer.reader.read(65536))
        await peer.send(GOOD)

    async with serving(play) as server:
        await ask(ours, a_request(server.url + "/payments?a=b", headers={"X-Key": "k"}))

    (request,) = reads
    assert request.startswith(b"POST /payments?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Key: k\r\n" in request
    assert request.endswith(b'\r\nContent-Length: 7\r\n\r\n{"a":1}')


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_body_in_pieces_goes_out_in_chunks(transport: httpx.AsyncBaseTransport) -> None:
    """An empty piece is not the end."""
    async with serving(well_behaved) as server:
        for _ in range(2):
            content = _pieces(b"ab", b"", b"c")
            assert ANSWERED == await ask(transport, a_request(server.url, content=content))

    assert 1 == server.connections
    assert server.requests[0].endswith(b"\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")


async def test_a_body_in_pieces_may_have_a_length(transport: httpx.AsyncBaseTransport) -> None:
    """Then it goes out as it is."""
    async with serving(well_behaved) as server:
        request = a_request(
            server.url, content=_pieces(b"ab", b"c"), headers={"Content-Length": "3"}
        )
        assert ANSWERED == await ask(transport, request)

    assert server.requests[0].endswith(b"\r\n\r\nabc")


@pytest.mark.parametrize("length", ["2", "4"])
async def test_a_body_that_has_another_length_is_not_completed(
    ours: LeanTransport, length: str
) -> None:
    """It would take the next request for its rest, or be one; httpx lets an error of h11 out."""
    async with serving(well_behaved) as server:
        request = a_request(
            server.url, content=_pieces(b"ab", b"c"), headers={"Content-Length": length}
        )
        assert "LocalProtocolError" == await ask(ours, request)
        assert ANSWERED == await ask(ours, a_request(server.url))

    assert 2 == server.connections


async def test_not_a_byte_beyond_the_length_is_sent(ours: LeanTransport) -> None:
    """It would be the beginning of another request."""
    got = b""

    async def play(peer: Peer) -> None:
        nonlocal got
        got = await peer.reader.read(-1)
        server.ended += 1

    async with serving(play) as server:
        content = _pieces(b"ab", b"GET / HTTP/1.1")
        request = a_request(server.url, content=content, headers={"Content-Length": "2"})
        assert "LocalProtocolError" == await ask(ours, request)
        await until(lambda: server.ended == 1)

    assert got.endswith(b"\r\n\r\nab")


EVIL: dict[str, dict[str, str]] = {
    "a line end in a value": {"X-Key": "a\r\nX-Evil: b"},
    "a line feed in a value": {"X-Key": "a\nb"},
    "a carriage return in a value": {"X-Key": "a\rb"},
    "a NUL in a value": {"X-Key": "a\0b"},
    "a line end in a name": {"X-Key: a\r\nX-Evil": "b"},
    "a colon in a name": {"X-Key: a": "b"},
    "a space in a name": {"X Key": "a"},
    "no name": {"": "a"},
}


@pytest.mark.parametrize("headers", EVIL.values(), ids=EVIL)
async def test_a_field_that_would_be_more_than_one_is_not_sent(
    transport: httpx.AsyncBaseTransport, headers: dict[str, str]
) -> None:
    """Not a byte of it."""
    async with serving(well_behaved) as server:
        assert "LocalProtocolError" == await ask(transport, a_request(server.url, headers=headers))

    assert [] == server.requests


@pytest.mark.parametrize("target", [b"/a b", b"/a\r\nX: b", b"/\0", b"", b"/\xc3\xbc"])
async def test_a_target_that_would_end_early_is_not_sent(
    ours: LeanTransport, target: bytes
) -> None:
    """Nor is one that is not ASCII."""
    async with serving(well_behaved) as server:
        request = a_request(server.url)
        request.extensions["target"] = target
        assert "LocalProtocolError" == await ask(ours, request)

    assert [] == server.requests


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "CONNECT"])
async def test_a_method_that_is_none_is_not_sent(ours: LeanTransport, method: str) -> None:
    """And no tunnels."""
    async with serving(well_behaved) as server:
        assert "LocalProtocolError" == await ask(ours, a_request(server.url, method))

    assert [] == server.requests


def _contradictions() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield "two hosts", [("Host", "a"), ("Host", "b"), ("Content-Length", "7")]
    yield "no host", [("Content-Length", "7")]
    yield "two lengths", [("Host", "a"), ("Content-Length", "7"), ("Content-Length", "7")]
    yield (
        "a length and chunks",
        [("Host", "a"), ("Content-Length", "7"), ("Transfer-Encoding", "chunked")],
    )
    yield "another coding", [("Host", "a"), ("Transfer-Encoding", "gzip")]
    yield "a length that is none", [("Host", "a"), ("Content-Length", "seven")]
    yield "a length below zero", [("Host", "a"), ("Content-Length", "-7")]
    yield "another length", [("Host", "a"), ("Content-Length", "6")]
    yield "no length", [("Host", "a")]


CONTRADICTIONS = dict(_contradictions())


@pytest.mark.parametrize("fields", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
async def test_a_request_at_odds_with_itself_is_not_sent(
    ours: LeanTransport, fields: list[tuple[str, str]]
) -> None:
    """Two servers would read it in two ways."""
    async with serving(well_behaved) as server:
        request = a_request(server.url)
        request.headers = httpx.Headers(fields)
        assert "LocalProtocolError" == await ask(ours, request)

    assert [] == server.requests


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "/relative"])
async def test_another_protocol_is_not_spoken(
    transport: httpx.AsyncBaseTransport, url: str
) -> None:
    """Nothing was sent."""
    assert "UnsupportedProtocol" == await ask(transport, a_request(url))
