"""When a connection is used again, and when it must not be."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from clients.http1.transport import LeanTransport
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, answering, serving, until, well_behaved

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERED = (200, b'{"id":"p-1"}')

KEPT: dict[str, tuple[bytes, str]] = {
    "with a length": (GOOD, "POST"),
    "in chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", "POST"),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET"),
    "HEAD": (OK + b"Content-Length: 5\r\n\r\n", "HEAD"),
    "HTTP/1.0 that keeps it": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "POST",
    ),
    "a refusal": (b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n", "POST"),
}


@pytest.mark.parametrize(("answer", "method"), KEPT.values(), ids=KEPT)
async def test_a_clean_exchange_keeps_the_connection(
    ours: LeanTransport, answer: bytes, method: str
) -> None:
    """One connection serves them one after the other, of any kind."""
    async with serving(answering(answer, GOOD, answer, GOOD)) as server:
        for asked in (method, "POST", method, "POST"):
            assert isinstance(await ask(ours, a_request(server.url, asked)), tuple)

    assert 1 == server.connections


ENDED: dict[str, bytes] = {
    "says close": OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "more than its length": OK + b"Content-Length: 2\r\n\r\nhi!",
    "a body behind 204": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi",
    "two answers": GOOD + GOOD.replace(b"p-1", b"p-2"),
    "an answer and half": GOOD + b"HTTP/1.1 2",
    "an answer and nonsense": GOOD + b"\0",
    "close, and more": OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n" + GOOD,
}


@pytest.mark.parametrize("answer", ENDED.values(), ids=ENDED)
async def test_an_unclean_exchange_costs_the_connection(ours: LeanTransport, answer: bytes) -> None:
    """The answer counts, what follows is nobody's, and the next request goes elsewhere."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer if server.connections == 1 else GOOD)
        await peer.ended()

    async with serving(play) as server:
        first = await ask(ours, a_request(server.url))
        assert isinstance(first, tuple)
        assert b"p-2" not in first[1]
        assert ANSWERED == await ask(ours, a_request(server.url))

    assert 2 == server.connections


async def test_httpx_gives_a_second_answer_to_the_next_request() -> None:
    """The difference that matters most: whoever asked next would believe it."""
    async with (
        httpx.AsyncHTTPTransport(trust_env=False) as stock,
        serving(answering(ENDED["two answers"], GOOD)) as server,
    ):
        assert ANSWERED == await ask(stock, a_request(server.url))
        assert (200, b'{"id":"p-2"}') == await ask(stock, a_request(server.url))


async def test_a_body_behind_an_answer_to_head_is_not_an_answer(ours: LeanTransport) -> None:
    """HEAD has no body; a server that sends one would shift all answers by one."""
    async with serving(answering(GOOD, GOOD)) as server:
        assert (200, b"") == await ask(ours, a_request(server.url, "HEAD"))
        assert ANSWERED == await ask(ours, a_request(server.url))

    assert 2 == server.connections


async def test_a_request_that_says_close_is_the_last(transport: httpx.AsyncBaseTransport) -> None:
    """Also when the server would keep the connection."""
    async with serving(well_behaved) as server:
        closing = a_request(server.url, headers={"Connection": "close"})
        assert ANSWERED == await ask(transport, closing)
        assert ANSWERED == await ask(transport, a_request(server.url))

    assert 2 == server.connections


async def test_bytes_on_an_idle_connection_end_it() -> None:
    """An answer that nobody asked for must not become the next one's."""
    stray = GOOD.replace(b"p-1", b"p-9")
    idle = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD)
        if server.connections == 1:
            await idle.wait()
            await peer.send(stray)
        await peer.ended()

    async with LeanTransport(idle_s=1000) as ours, serving(play) as server:
        assert ANSWERED == await ask(ours, a_request(server.url))
        idle.set()
        await until(lambda: server.ended == 1)
        assert ANSWERED == await ask(ours, a_request(server.url))

    assert 2 == server.connections


@pytest.mark.parametrize("how", ["end", "reset", "bytes"])
async def test_a_stale_connection_is_noticed_before_it_is_used(
    transport: httpx.AsyncBaseTransport, how: str
) -> None:
    """What reached this machine while the event loop was busy counts as well."""
    gone = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD)
        if server.connections > 1:
            await peer.ended()
        elif how == "reset":
            peer.reset()
        elif how == "bytes":
            await peer.send(b"?")
        gone.set()

    async with serving(play) as server:
        assert ANSWERED == await ask(transport, a_request(server.url))
        await gone.wait()
        assert ANSWERED == await ask(transport, a_request(server.url))

    assert (2, 2) == (server.connections, len(server.requests))


async def test_a_connection_that_dies_under_a_request_is_in_doubt(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """It was kept, and ends when the second request has come: that is not sent again."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD)
        await peer.request()

    async with serving(play) as server:
        assert ANSWERED == await ask(transport, a_request(server.url))
        assert "RemoteProtocolError" == await ask(transport, a_request(server.url))

    assert (1, 2) == (server.connections, len(server.requests))


async def test_an_early_answer_is_taken_and_costs_the_connection(ours: LeanTransport) -> None:
    """It comes before the body is out; the rest of the body must not meet the next request."""
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"

    async def play(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(refusal if server.connections == 1 else GOOD)
        await peer.ended()

    async with serving(play) as server:
        large = a_request(server.url, content=b"x" * 20_000_000)
        assert (413, b"") == await ask(ours, large)
        assert ANSWERED == await ask(ours, a_request(server.url))

    assert 2 == server.connections


async def test_an_early_answer_ends_a_body_that_is_still_produced(ours: LeanTransport) -> None:
    """Nobody wants the rest of it."""
    produced = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal produced
        while True:
            produced += 1
            yield b"x"
            await asyncio.sleep(0)

    async def play(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(GOOD)
        await peer.ended()

    async with serving(play) as server:
        assert ANSWERED == await ask(ours, a_request(server.url, content=endless()))
        at_answer = produced
        await until(lambda: server.ended == 1)

    assert at_answer == produced


async def test_the_connection_used_last_is_used_first(ours: LeanTransport) -> None:
    """So that few are kept warm, and the others may grow old."""
    gate = asyncio.Event()
    used: list[Peer] = []

    async def play(peer: Peer) -> None:
        while True:
            await peer.request()
            used.append(peer)
            await gate.wait()
            await peer.send(GOOD)

    async with serving(play) as server:
        three = [asyncio.create_task(ask(ours, a_request(server.url))) for _ in range(3)]
        await until(lambda: len(used) == 3)
        gate.set()
        await asyncio.gather(*three)
        for _ in range(5):
            await ask(ours, a_request(server.url))

    assert 3 == server.connections
    assert 1 == len(set(used[3:]))


async def test_an_idle_connection_is_closed_in_time() -> None:
    """Before the server does it at a bad moment."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD)
        await peer.ended()

    async with LeanTransport(idle_s=0.05) as quick, serving(play) as server:
        await ask(quick, a_request(server.url))
        await until(lambda: server.ended == 1)
        assert ANSWERED == await ask(quick, a_request(server.url))


async def test_a_body_that_is_left_costs_the_connection(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """What is not read cannot be skipped."""
    half = OK + b"Content-Length: 9\r\n\r\nhalf"

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(half if server.connections == 1 else GOOD)
        await peer.ended()

    async with serving(play) as server:
        response = await transport.handle_async_request(a_request(server.url))
        await response.aclose()
        await until(lambda: server.ended == 1)
        assert ANSWERED == await ask(transport, a_request(server.url))
