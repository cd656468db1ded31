"""Answers that are none: each ends in an error that leaves the request in doubt, and none hangs."""

import httpx
import pytest

from clients.http1.limits import MAX_INTERIM
from clients.http1.transport import LeanTransport
from clients.transport import may_have_been_sent
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, answering, serving

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "another protocol": b"220 mail.example.com ESMTP\r\n",
    "a request": b"GET / HTTP/1.1\r\n\r\n",
    "RTSP": GOOD.replace(b"HTTP/1.1", b"RTSP/1.0"),
    "an empty line first": b"\r\n" + GOOD,
    "a status of two digits": GOOD.replace(b"200", b"99"),
    "a status of zeros": b"HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n" + GOOD,
    "a status that is a word": GOOD.replace(b"200", b"yes"),
    "half a status line": b"HTTP/1.1 20",
    "half a head": OK + b"Content-Le",
    "half a body": OK + b'Content-Length: 99\r\n\r\n{"id":"p-1"}',
    "half a chunk": CHUNKED + b'ff\r\n{"id"',
    "no last chunk": CHUNKED + b"2\r\nhi\r\n",
    "a field without a name": OK + b": x\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": OK + b"Content-Length : 0\r\n\r\n",
    "a NUL in a value": OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a length below zero": OK + b"Content-Length: -2\r\n\r\nhi",
    "a length with a sign": OK + b"Content-Length: +2\r\n\r\nhi",
    "a length that is a word": OK + b"Content-Length: two\r\n\r\nhi",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
    "a coding nobody asked for": OK + b"Transfer-Encoding: gzip\r\n\r\nhi",
    "two codings": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a chunk of no size": CHUNKED + b"zz\r\nhi\r\n0\r\n\r\n",
    "a chunk below zero": CHUNKED + b"-2\r\nhi\r\n0\r\n\r\n",
    "a chunk beyond counting": CHUNKED + b"F" * 21 + b"\r\nhi\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"2\r\nhi!\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_leaves_the_request_in_doubt(
    transport: httpx.AsyncBaseTransport, answer: bytes
) -> None:
    """The server has the request; what it made of it, nobody knows."""
    async with serving(answering(answer)) as server:
        assert "RemoteProtocolError" == await ask(transport, a_request(server.url))

    assert may_have_been_sent(httpx.RemoteProtocolError("x"))


STRICTER: dict[str, bytes] = {
    # RFC 9112, 6.3: such an answer "ought to be handled as an error".
    "a length and chunks": OK
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "the same length twice": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    "a list of lengths": OK + b"Content-Length: 2, 2\r\n\r\nhi",
    "a folded line": OK + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\nhi",
    "lines that end in LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    "HTTP/2 in letters": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/3.7": b"HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nhi",
}


@pytest.mark.parametrize("answer", STRICTER.values(), ids=STRICTER)
async def test_ours_refuses_what_httpx_overlooks(ours: LeanTransport, answer: bytes) -> None:
    """The differences: what two programs read in two ways is how answers are smuggled."""
    async with serving(answering(answer)) as server:
        assert "RemoteProtocolError" == await ask(ours, a_request(server.url))
        async with httpx.AsyncHTTPTransport(trust_env=False) as stock:
            assert (200, b"hi") == await ask(stock, a_request(server.url))


@pytest.mark.parametrize(
    "fields", [b"Upgrade: x\r\nConnection: upgrade\r\n\r\nxyz", b"\r\n" + GOOD], ids=["said", "not"]
)
async def test_nobody_is_followed_into_another_protocol(ours: LeanTransport, fields: bytes) -> None:
    """An upgrade that was not asked for; httpx would hand out the socket."""
    switching = b"HTTP/1.1 101 Switching Protocols\r\n" + fields
    async with serving(answering(switching)) as server:
        assert "RemoteProtocolError" == await ask(ours, a_request(server.url))


async def test_an_offer_to_upgrade_is_no_upgrade(transport: httpx.AsyncBaseTransport) -> None:
    """Some servers advertise HTTP/2 in this way."""
    offer = GOOD.replace(b"\r\n\r\n", b"\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    async with serving(answering(offer)) as server:
        assert (200, b'{"id":"p-1"}') == await ask(transport, a_request(server.url))


async def test_interim_answers_have_an_end(ours: LeanTransport) -> None:
    """As many as are allowed, then one more; httpx would read them for ever."""
    interim = b"HTTP/1.1 102 Processing\r\n\r\n"
    async with serving(answering(interim * MAX_INTERIM + GOOD)) as server:
        assert (200, b'{"id":"p-1"}') == await ask(ours, a_request(server.url))
    async with serving(answering(interim * (MAX_INTERIM + 1) + GOOD)) as server:
        assert "RemoteProtocolError" == await ask(ours, a_request(server.url))


WHOLE = OK + b'Transfer-Encoding: chunked\r\n\r\n6\r\n{"id":\r\n6\r\n"p-1"}\r\n0\r\n\r\n'


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_an_answer_cut_anywhere_is_an_error(
    transport: httpx.AsyncBaseTransport, how: str
) -> None:
    """The connection ends, or is reset, after every byte of the answer but the last."""
    cuts = iter(range(len(WHOLE)))

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(WHOLE[: next(cuts)])
        if how == "reset":
            peer.reset()

    told = set()
    async with serving(play) as server:
        for _ in range(len(WHOLE)):
            told.add(await ask(transport, a_request(server.url)))

    assert told <= {"RemoteProtocolError", "ReadError"}
    assert len(WHOLE) == server.connections
    assert len(WHOLE) == len(server.requests)


async def test_a_reset_ends_a_body_that_its_end_would_complete(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """Only the end of the connection is the end of such a body; a reset is none."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"\r\nhal")
        peer.reset()

    async with serving(play) as server:
        assert "ReadError" == await ask(transport, a_request(server.url))
