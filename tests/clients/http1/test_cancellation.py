"""Whoever is cancelled leaves nothing behind: no dirty connection, no place taken."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from clients.http1.transport import LeanTransport
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, serving, trusted, until

ANSWERED = (200, b'{"id":"p-1"}')
OK = b"HTTP/1.1 200 OK\r\n"


async def _cancelled(task: "asyncio.Task[object]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _slow(peer: Peer) -> None:
    """Answer in many pieces, each a few turns of the loop apart."""
    while True:
        await peer.request()
        for piece in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 12\r\n\r\n", b'{"id":', b'"p-1"}'):
            await peer.send(piece)
            for _ in range(3):
                await asyncio.sleep(0)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "kept connection"])
async def test_a_cancellation_at_any_moment_leaves_the_transport_as_good_as_new(
    *, tls: bool, warm: bool
) -> None:
    """One place only, and one turn of the loop later each time, until the request outruns it."""
    async with (
        LeanTransport(connections=1, verify=trusted()) as ours,
        serving(_slow, tls=tls) as server,
    ):
        for turns in range(1000):
            if warm:
                assert ANSWERED == await ask(ours, a_request(server.url))
            task = asyncio.create_task(ask(ours, a_request(server.url)))
            for _ in range(turns):
                await asyncio.sleep(0)
            if task.cancel():
                await asyncio.wait({task})
            if not task.cancelled():
                assert ANSWERED == task.result()
                break
            assert ANSWERED == await ask(ours, a_request(server.url))
        else:
            pytest.fail("a thousand turns were not enough for one request")

    assert turns > 3


async def test_a_cancelled_request_closes_its_connection(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """Its answer may still come, and must not be taken for the next one's."""

    async def play(peer: Peer) -> None:
        await peer.request()
        if server.connections == 1:
            await peer.ended()
        await peer.send(GOOD)

    async with serving(play) as server:
        task = asyncio.create_task(ask(transport, a_request(server.url)))
        await until(lambda: len(server.requests) == 1)
        await _cancelled(task)
        await until(lambda: server.ended == 1)
        assert ANSWERED == await ask(transport, a_request(server.url))


async def test_a_cancelled_reader_closes_its_connection(ours: LeanTransport) -> None:
    """In the middle of a body."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Content-Length: 9\r\n\r\nhalf")
        await peer.ended()

    async with serving(play) as server:
        response = await ours.handle_async_request(a_request(server.url))
        task = asyncio.create_task(response.aread())
        await asyncio.sleep(0.05)
        await _cancelled(task)
        await until(lambda: server.ended == 1)


async def test_a_cancelled_writer_closes_its_connection(ours: LeanTransport) -> None:
    """While the other side does not read."""
    never = asyncio.Event()

    async def play(peer: Peer) -> None:
        peer.stall()
        await never.wait()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 50_000_000

    async with serving(play) as server:
        for content in (b"x" * 50_000_000, pieces()):
            task = asyncio.create_task(ask(ours, a_request(server.url, content=content)))
            await asyncio.sleep(0.2)
            await _cancelled(task)
        assert 2 == server.connections
        assert 0 == ours.pool(httpx.URL(server.url)).taken


async def test_a_body_that_fails_closes_its_connection(ours: LeanTransport) -> None:
    """Half a request is none; what went wrong is told as it was."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        message = "no more"
        raise LookupError(message)

    async def play(peer: Peer) -> None:
        await peer.ended()

    async with serving(play) as server:
        with pytest.raises(LookupError, match="no more"):
            await ask(ours, a_request(server.url, content=pieces()))
        await until(lambda: server.ended == 1)


@pytest.mark.parametrize("keeps", [True, False], ids=["a connection", "a place"])
async def test_who_leaves_the_line_does_not_take_it_along(*, keeps: bool) -> None:
    """Cancelled at the very moment of being served: the next in line is."""
    gate = asyncio.Event()
    answer = GOOD if keeps else GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    async def play(peer: Peer) -> None:
        while True:
            await peer.request()
            await gate.wait()
            await peer.send(answer)

    async with LeanTransport(connections=1) as ours, serving(play) as server:

        async def first() -> None:
            assert ANSWERED == await ask(ours, a_request(server.url))
            served.cancel()  # it has been handed the connection, and has not run yet

        holding = asyncio.create_task(first())
        await until(lambda: len(server.requests) == 1)
        served = asyncio.create_task(ask(ours, a_request(server.url)))
        await asyncio.sleep(0)
        left = asyncio.create_task(ask(ours, a_request(server.url)))
        last = asyncio.create_task(ask(ours, a_request(server.url, pool=10.0)))
        await asyncio.sleep(0)
        left.cancel()
        gate.set()
        await holding
        assert ANSWERED == await last

    assert served.cancelled()
    assert left.cancelled()


async def test_a_connection_that_is_open_when_nobody_wants_it_any_more_is_closed() -> None:
    """Cancelled between its being open and the news of that."""
    loop = asyncio.get_running_loop()
    opening: set[asyncio.Task[object]] = set()

    def watch() -> None:
        opening.update(task for task in asyncio.all_tasks() if task.get_name() == "connect")
        if any(task.done() for task in opening):
            task.cancel()
        elif not task.done():
            loop.call_soon(watch)

    async with LeanTransport(connections=1) as ours, serving(_slow) as server:
        task = asyncio.create_task(ask(ours, a_request(server.url)))
        watch()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert 0 == ours.pool(httpx.URL(server.url)).taken
        assert ANSWERED == await ask(ours, a_request(server.url))
