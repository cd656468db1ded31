"""Time-outs, phase by phase: what may take how long, and what each of them means."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from clients.http1.transport import LeanTransport
from clients.transport import may_have_been_sent
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, serving, until, well_behaved

SHORT_S = 0.1
"""For what never comes; nothing that does come is waited for so briefly."""

OK = b"HTTP/1.1 200 OK\r\n"

SILENT: dict[str, bytes] = {
    "silence": b"",
    "half a head": OK + b"Content-Le",
    "half a body": OK + b"Content-Length: 9\r\n\r\nhalf",
    "half a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("begun", SILENT.values(), ids=SILENT)
async def test_silence_is_a_read_time_out(
    transport: httpx.AsyncBaseTransport, begun: bytes
) -> None:
    """Wherever the answer stops; the connection is closed."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(begun)
        await peer.ended()

    async with serving(play) as server:
        assert "ReadTimeout" == await ask(transport, a_request(server.url, read=SHORT_S))
        await until(lambda: server.ended == 1)

    assert may_have_been_sent(httpx.ReadTimeout("x"))


@pytest.mark.parametrize(
    ("begin", "step", "end"),
    [
        (OK, b"X: y\r\n", b"Content-Length: 0\r\n\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"0\r\n\r\n"),
    ],
    ids=["head", "body"],
)
async def test_a_slow_answer_that_comes_is_no_time_out(
    ours: LeanTransport, begin: bytes, step: bytes, end: bytes
) -> None:
    """The read time-out is for a silence; many short ones may be longer together."""
    read_s = 2.0
    steps, pause_s = 9, 0.25

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(begin)
        for _ in range(steps):
            await asyncio.sleep(pause_s)
            await peer.send(step)
        await peer.send(end)

    async with serving(play) as server:
        assert steps * pause_s > read_s
        answer = await ask(ours, a_request(server.url, read=read_s))

    assert isinstance(answer, tuple)


async def test_a_server_that_does_not_read_is_a_write_time_out(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """More than all buffers on the way together hold."""
    never = asyncio.Event()

    async def play(peer: Peer) -> None:
        peer.stall()
        await never.wait()

    async with serving(play) as server:
        large = a_request(server.url, content=b"x" * 50_000_000, write=SHORT_S)
        assert "WriteTimeout" == await ask(transport, large)

    assert may_have_been_sent(httpx.WriteTimeout("x"))


async def test_a_body_that_is_produced_and_not_read_is_a_write_time_out(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """The same, for a body that comes in pieces."""
    never = asyncio.Event()

    async def play(peer: Peer) -> None:
        peer.stall()
        await never.wait()

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000

    async with serving(play) as server:
        endless = a_request(server.url, content=pieces(), write=SHORT_S)
        assert "WriteTimeout" == await ask(transport, endless)


async def test_a_handshake_that_is_not_answered_is_a_connect_time_out(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """The request was certainly not sent."""

    async def play(peer: Peer) -> None:
        await peer.ended()

    async with serving(play) as server:
        url = server.url.replace("http:", "https:")
        assert "ConnectTimeout" == await ask(transport, a_request(url, connect=SHORT_S))
        await until(lambda: server.ended == 1)

    assert [] == server.requests
    assert not may_have_been_sent(httpx.ConnectTimeout("x"))


async def test_a_place_that_does_not_become_free_is_a_pool_time_out() -> None:
    """The request was certainly not sent, and the one before it is not disturbed."""
    gate = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.request()
        await gate.wait()
        await peer.send(GOOD)
        await well_behaved(peer)

    async with LeanTransport(connections=1) as ours, serving(play) as server:
        first = asyncio.create_task(ask(ours, a_request(server.url)))
        await until(lambda: len(server.requests) == 1)
        assert "PoolTimeout" == await ask(ours, a_request(server.url, pool=SHORT_S))
        gate.set()
        assert (200, b'{"id":"p-1"}') == await first
        assert (200, b'{"id":"p-1"}') == await ask(ours, a_request(server.url, pool=SHORT_S))

    assert (1, 2) == (server.connections, len(server.requests))


async def test_a_reader_that_takes_its_time_is_not_timed(ours: LeanTransport) -> None:
    """Silence counts while somebody waits for the server, not while the server waits for us."""
    gate = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Content-Length: 9\r\n\r\nhalf")
        await gate.wait()
        await peer.send(b"-more")

    async with serving(play) as server:
        response = await ours.handle_async_request(a_request(server.url, read=2.0))
        await asyncio.sleep(2.5)
        gate.set()
        assert b"half-more" == await response.aread()
        await response.aclose()


async def test_silence_counts_again_when_a_slow_reader_comes_back(ours: LeanTransport) -> None:
    """Its time begins when it waits, though the timer has gone off before."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Content-Length: 9\r\n\r\nhalf")
        await asyncio.sleep(10)
        await peer.send(b"-more")

    async with serving(play) as server:
        response = await ours.handle_async_request(a_request(server.url, read=SHORT_S))
        await asyncio.sleep(5 * SHORT_S)
        with pytest.raises(httpx.ReadTimeout):
            await response.aread()
        await response.aclose()


async def test_loops_tell_the_time_of_the_monotonic_clock() -> None:
    """app.py reads that clock without asking the loop, and timers are set by the loop's."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)

    assert abs(loop.time() - time.monotonic()) < 10
