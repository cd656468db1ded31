"""The HTTP client of an upstream, on real sockets too: what its failures mean."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from clients.errors import Faulty, Unreachable
from clients.stock import HttpxCarrier
from clients.transport import MAY_HAVE_BEEN_SENT, Network, may_have_been_sent
from tests.clients.upstreams import CALL, an_upstream, within

BOTH = pytest.mark.parametrize("network", ["lean", "httpx"])
"""What happens on real sockets happens on either network."""


def _every(kind: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _every(child)


EVERY = sorted(
    {kind for kind in _every(httpx.RequestError) if kind.__module__.startswith("httpx")},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_of_httpx_is_in_the_table(kind: type[httpx.RequestError]) -> None:
    """A release that brings a new one has to say what it means."""
    assert kind in MAY_HAVE_BEEN_SENT


def test_the_table_has_every_error_that_httpx_exports() -> None:
    """What is to be found by its name is to be found in the table."""
    exported = {
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.RequestError)
    }

    assert exported == set(MAY_HAVE_BEEN_SENT)


def test_only_what_never_connected_was_certainly_not_sent() -> None:
    """When in doubt, in doubt."""
    unsent = {kind for kind in EVERY if not may_have_been_sent(kind("x"))}

    expected = {
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.UnsupportedProtocol,
    }
    assert expected == unsent


def test_an_error_of_a_later_release_is_in_doubt() -> None:
    """A class that is not in the table counts as its family does."""

    class NewReadTrouble(httpx.NetworkError):
        pass

    class NewConnectTrouble(httpx.ConnectError):
        pass

    assert may_have_been_sent(NewReadTrouble("x"))
    assert not may_have_been_sent(NewConnectTrouble("x"))


async def test_connecting_may_take_half_of_the_time_out() -> None:
    """What is cut off while connecting was certainly not sent, so it is cut off first."""
    carrier = HttpxCarrier("http://x", timeout_s=5, connections=3)
    timeout = carrier.client.timeout
    await carrier.aclose()

    assert (2.5, 2.5, 5, 5) == (timeout.connect, timeout.pool, timeout.read, timeout.write)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upstreams are neighbours; a proxy would be one more place where an answer can be lost."""
    async with _served(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + b'{"id":"p-1"}') as url:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        answer = await an_upstream(url=url).send(CALL, within())

    assert 200 == answer.status


@asynccontextmanager
async def _served(answer: bytes) -> AsyncIterator[str]:
    """Serve one raw answer on a real socket, for every connection; then hang up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'"p-1"}')
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@BOTH
async def test_a_refused_connection_is_not_in_doubt(network: Network) -> None:
    """Nobody listens there: nothing was sent, on none of the tries."""
    upstream = an_upstream(url=f"http://127.0.0.1:{_free_port()}", network=network)

    with pytest.raises(Unreachable, match="could not connect") as failed:
        await upstream.send(CALL, within())

    assert (False, 4) == (failed.value.in_doubt, failed.value.attempts)


BROKEN: dict[str, bytes] = {
    "hung up without an answer": b"",
    "cut headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut body": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id":"p-1"}',
    "no HTTP": b"220 mail.example.com ESMTP\r\n",
    "cut chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"id"',
}


@BOTH
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_a_connection_that_breaks_after_the_request_is_in_doubt(
    answer: bytes, network: Network
) -> None:
    """The request was received, whatever came back."""
    async with _served(answer) as url:
        with pytest.raises(Unreachable) as failed:
            await an_upstream(url=url, tries=2, network=network).send(CALL, within())

    assert (True, 2) == (failed.value.in_doubt, failed.value.attempts)


@BOTH
async def test_a_real_answer_is_read(network: Network) -> None:
    """Over a socket, in chunks, as servers do."""
    chunked = (
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'6\r\n{"id":\r\n6\r\n"p-1"}\r\n0\r\n\r\n'
    )
    async with _served(chunked) as url:
        answer = await an_upstream(url=url, network=network).send(CALL, within())

    assert (201, {"id": "p-1"}) == (answer.status, answer.body)


@BOTH
async def test_a_real_redirect_is_not_followed(network: Network) -> None:
    """It is an answer that says nothing."""
    moved = (
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    async with _served(moved) as url:
        with pytest.raises(Faulty) as failed:
            await an_upstream(url=url, tries=1, network=network).send(CALL, within())

    assert 307 == failed.value.status
