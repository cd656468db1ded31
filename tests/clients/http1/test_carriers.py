"""The short way and the way through httpx are one way: the same bytes out, the same told of it."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from functools import cache

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clients.carrier import LARGEST_ANSWER_BYTES, Carrier, Fields, Reply
from clients.lean import LeanCarrier
from clients.stock import HttpxCarrier
from clients.transport import Network, open_carrier
from testbed.ports import free_port
from tests.clients.http1.server import GOOD, Peer, answering, serving, until, well_behaved
from tests.clients.http1.test_broken_answers import BROKEN

NETWORKS: list[Network] = ["lean", "httpx"]
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(params=NETWORKS)
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[str], Carrier]]:
    """Give what opens a carrier to an address; it is closed at the end."""
    made: list[Carrier] = []

    def open_(url: str) -> Carrier:
        made.append(open_carrier(url, timeout_s=40, connections=4, network=request.param))
        return made[-1]

    yield open_
    for carrier in made:
        await carrier.aclose()


async def _post(carrier: Carrier, within_s: float = 60) -> Reply:
    return await carrier.exchange("POST", "/payments", {"X-Key": "k"}, b"{}", within_s=within_s)


async def test_an_answer_is_given(opened: Callable[[str], Carrier]) -> None:
    """Status and content."""
    async with serving(well_behaved) as server:
        assert Reply(200, b'{"id":"p-1"}') == await _post(opened(server.url))


async def test_the_same_request_goes_out(opened: Callable[[str], Carrier]) -> None:
    """The fields that all requests have, those of the call, and the length of its body."""
    async with serving(well_behaved) as server:
        carrier = opened(server.url + "/base")
        await _post(carrier)
        await carrier.exchange("GET", "/a%20b/ü?q=x y", {}, None, within_s=20)
        await carrier.exchange("POST", "/empty", {}, None, within_s=20)

    def fields(request: bytes) -> set[str]:
        lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {line.lower() for line in lines} - {"connection: keep-alive"}

    post, get, empty = server.requests
    common = {
        "host: " + server.url.removeprefix("http://"),
        "accept: application/json",
        "accept-encoding: identity",
        "user-agent: order-service",
    }
    assert post.startswith(b"POST /base/payments HTTP/1.1\r\n")
    content = {"content-type: application/json", "content-length: 2"}
    assert common | content | {"x-key: k"} == fields(post)
    assert post.endswith(b"\r\n\r\n{}")
    assert get.startswith(b"GET /base/a%20b/%C3%BC?q=x%20y HTTP/1.1\r\n")
    assert common == fields(get)
    assert common | {"content-length: 0"} == fields(empty)


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_is_a_protocol_error(
    opened: Callable[[str], Carrier], answer: bytes
) -> None:
    """As it is without the short way."""
    async with serving(answering(answer)) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await _post(opened(server.url))


async def test_a_refused_connection_was_not_sent(opened: Callable[[str], Carrier]) -> None:
    """Nobody listens there."""
    with pytest.raises(httpx.ConnectError):
        await _post(opened(f"http://127.0.0.1:{free_port()}"))


DRIPS: dict[str, bytes] = {
    "head": OK + b"X: " + b"y" * 10_000,
    "body": OK + b"Content-Length: 10000\r\n\r\n" + b"y" * 10_000,
    "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\ny\r\n" * 2_000,
}


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
async def test_a_drip_has_the_same_time_as_any(
    opened: Callable[[str], Carrier], drip: bytes
) -> None:
    """Bytes that keep coming do not prolong an exchange."""

    async def play(peer: Peer) -> None:
        await peer.request()
        for byte in drip:
            await peer.send(bytes([byte]))
            await asyncio.sleep(0.02)

    async with serving(play) as server:
        with pytest.raises(TimeoutError):
            await _post(opened(server.url), within_s=0.3)


@pytest.mark.parametrize(
    "times", [(0.3, 60.0, 0.3), (60.0, 0.3)], ids=["short first", "long first"]
)
async def test_a_kept_connection_has_the_time_of_its_own_exchange(
    opened: Callable[[str], Carrier], times: tuple[float, ...]
) -> None:
    """A deadline before it, sooner or later, changes nothing for the next.

    The last exchange is answered too, long after its time.
    """

    async def play(peer: Peer) -> None:
        for _ in times[:-1]:
            await peer.request()
            await peer.send(GOOD)
        await peer.request()
        await asyncio.sleep(10)
        await peer.send(GOOD)

    async with serving(play) as server:
        carrier = opened(server.url)
        for within_s in times[:-1]:
            assert 200 == (await _post(carrier, within_s)).status
        with pytest.raises(TimeoutError):
            await _post(carrier, times[-1])

    assert 1 == server.connections


async def test_a_timer_for_an_exchange_that_is_over_does_not_spoil_the_next(
    opened: Callable[[str], Carrier],
) -> None:
    """It goes off while the next is under way, which still has some of its own time left."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD)
        await peer.request()
        await asyncio.sleep(10)
        await peer.send(GOOD)

    async with serving(play) as server:
        carrier = opened(server.url)
        assert 200 == (await _post(carrier, 0.4)).status
        with pytest.raises(TimeoutError):
            await _post(carrier, 0.8)

    assert 1 == server.connections


async def test_a_handshake_counts_towards_the_time() -> None:
    """The whole exchange has one time; its socket is closed (under httpx it is not)."""

    async def play(peer: Peer) -> None:
        await peer.ended()

    async with serving(play) as server:
        url = server.url.replace("http", "https")
        carrier = LeanCarrier(url, timeout_s=40, connections=1)
        with pytest.raises(TimeoutError):
            await _post(carrier, within_s=0.1)
        await until(lambda: server.ended == 1)
        await carrier.aclose()


@pytest.mark.parametrize("network", NETWORKS)
async def test_connecting_has_half_of_the_time_out(network: Network) -> None:
    """What is cut off while connecting was certainly not sent, so it is cut off first."""

    async def play(peer: Peer) -> None:
        await peer.ended()

    async with serving(play) as server:
        url = server.url.replace("http", "https")
        carrier = open_carrier(url, timeout_s=0.2, connections=1, network=network)
        with pytest.raises(httpx.ConnectTimeout):
            await _post(carrier, within_s=20)
        await carrier.aclose()


@pytest.mark.parametrize("network", NETWORKS)
async def test_waiting_for_a_connection_has_half_of_the_time_out(network: Network) -> None:
    """Whoever is still in line then was certainly not sent."""
    gate = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.request()
        await gate.wait()
        await peer.send(GOOD)

    async with serving(play) as server:
        carrier = open_carrier(server.url, timeout_s=1, connections=1, network=network)
        first = asyncio.create_task(carrier.exchange("GET", "/", {}, None, within_s=20))
        await until(lambda: len(server.requests) == 1)
        if network == "lean":  # httpx would end the first by its read time-out meanwhile
            with pytest.raises(httpx.PoolTimeout):
                await _post(carrier)
            gate.set()
            assert 200 == (await first).status
        else:
            with pytest.raises(httpx.PoolTimeout):
                await _post(carrier)
            await asyncio.wait({first})
            first.exception()
        await carrier.aclose()


async def test_a_cancelled_exchange_closes_its_connection(
    opened: Callable[[str], Carrier],
) -> None:
    """Its answer must not meet the next one."""

    async def play(peer: Peer) -> None:
        await peer.request()
        if server.connections == 1:
            await peer.ended()
        await peer.send(GOOD)

    async with serving(play) as server:
        carrier = opened(server.url)
        task = asyncio.create_task(_post(carrier))
        await until(lambda: len(server.requests) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: server.ended == 1)
        assert 200 == (await _post(carrier)).status


@pytest.mark.parametrize("framed", [True, False], ids=["with a length", "until the end"])
async def test_an_answer_is_read_to_its_limit_and_not_to_its_end(
    opened: Callable[[str], Carrier], *, framed: bool
) -> None:
    """A mebibyte is read, more is left, and left in time; the connection with it."""

    async def play(peer: Peer) -> None:
        await peer.request()
        length = b"Content-Length: %d\r\n" % 10**12 if framed else b""
        await peer.send(OK + length + b"\r\n")
        try:
            while True:
                await peer.send(b"x" * 100_000)
        finally:
            server.ended += 1

    async with serving(play) as server:
        reply = await _post(opened(server.url))
        await until(lambda: server.ended == 1)

    assert LARGEST_ANSWER_BYTES < len(reply.content) < LARGEST_ANSWER_BYTES + 2_000_000


async def test_a_mebibyte_is_an_answer(opened: Callable[[str], Carrier]) -> None:
    """Exactly one, and the connection is kept."""
    body = b"x" * LARGEST_ANSWER_BYTES
    whole = OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    async with serving(answering(whole, GOOD)) as server:
        carrier = opened(server.url)
        assert Reply(200, body) == await _post(carrier)
        assert 200 == (await _post(carrier)).status

    assert 1 == server.connections


def _packed(body: bytes) -> bytes:
    return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_a_compressed_answer_is_understood(opened: Callable[[str], Carrier]) -> None:
    """It was not asked for, but some upstreams do it."""
    async with serving(answering(_packed(gzip.compress(b'{"id":"p-1"}')))) as server:
        assert Reply(200, b'{"id":"p-1"}') == await _post(opened(server.url))


async def test_a_badly_compressed_answer_is_an_error(opened: Callable[[str], Carrier]) -> None:
    """And some do it badly."""
    async with serving(answering(_packed(b"nonsense"))) as server:
        with pytest.raises(httpx.DecodingError):
            await _post(opened(server.url))


async def test_a_small_answer_does_not_become_a_large_one() -> None:
    """Sixty megabytes in three hundred kilobytes: it is left soon after the first."""
    bomb = _packed(gzip.compress(bytes(60_000_000), compresslevel=1))
    async with serving(answering(bomb)) as server:
        carrier = LeanCarrier(server.url, timeout_s=40, connections=1)
        reply = await _post(carrier)
        await carrier.aclose()

    assert LARGEST_ANSWER_BYTES < len(reply.content) < 8 * LARGEST_ANSWER_BYTES


@pytest.mark.parametrize("asked", ["7", "Sun, 06 Nov 1994 08:49:37 GMT"])
async def test_a_pause_that_is_asked_for_is_told(
    opened: Callable[[str], Carrier], asked: str
) -> None:
    """In any spelling of the field's name."""
    busy = b"HTTP/1.1 503 Busy\r\nretry-AFTER: %b\r\nContent-Length: 0\r\n\r\n" % asked.encode()
    async with serving(answering(busy)) as server:
        assert Reply(503, b"", asked) == await _post(opened(server.url))


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\0b", "\x7f", "ü"])
async def test_a_value_that_would_end_its_line_is_not_sent(value: str) -> None:
    """Keys and traces come from outside; they have been checked, and are checked again here."""
    async with serving(well_behaved) as server:
        carrier = LeanCarrier(server.url, timeout_s=40, connections=1)
        with pytest.raises(httpx.LocalProtocolError):
            await carrier.exchange("POST", "/", {"X-Key": value}, b"", within_s=20)
        with pytest.raises(httpx.LocalProtocolError):
            await carrier.exchange("POST", "/", {}, b"", key=value, within_s=20)
        with pytest.raises(httpx.LocalProtocolError):
            await carrier.exchange("POST", "/", Fields({"X": value}), b"", within_s=20)
        await carrier.aclose()

    assert [] == server.requests


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GE T", "/", "X"),
        ("GET", "http://elsewhere/", "X"),
        ("GET", "/\n", "X"),
        ("GET", "/", "X: a\r\nY"),
        ("GET", "/", ""),
    ],
)
async def test_what_is_no_request_is_not_sent(method: str, path: str, name: str) -> None:
    """Nor to anybody else."""
    async with serving(well_behaved) as server:
        carrier = LeanCarrier(server.url, timeout_s=40, connections=1)
        with pytest.raises(httpx.LocalProtocolError):
            await carrier.exchange(method, path, {name: "v"}, None, within_s=20)
        await carrier.aclose()

    assert [] == server.requests


@cache
def _both(base: str) -> tuple[LeanCarrier, httpx.AsyncClient]:
    stock = HttpxCarrier(base, timeout_s=1, connections=1)
    return LeanCarrier(base, timeout_s=1, connections=1), stock.client


@given(
    path=st.text("/ab.%20?=&~:ü \"'<>{}|\\^`@!$()*+,;#", max_size=12).map(lambda text: "/" + text),
    base=st.sampled_from(["http://x", "http://x/", "http://x:8005/base", "http://x/a/b/"]),
)
@example(path="//a/b", base="http://x/base")
@example(path="/./a", base="http://x/base")
@example(path="/../a", base="http://x/base")
@example(path="/a/./b", base="http://x/base")
@example(path="/a/../b", base="http://x/base")
@example(path="/a/..", base="http://x/base")
@example(path="/a//b/.c", base="http://x/base")
def test_a_path_is_quoted_and_joined_as_httpx_does_it(path: str, base: str) -> None:
    """Whatever the path, both ways ask for the same thing."""
    lean, stock = _both(base)
    try:
        expected = stock.build_request("GET", path).url.raw_path.decode()
    except (httpx.InvalidURL, ValueError):
        with pytest.raises(httpx.LocalProtocolError):
            lean.target(path)
        return

    assert expected == lean.target(path)


@pytest.mark.parametrize("status", [413, 200])
async def test_an_early_answer_is_taken_and_costs_the_connection(status: int) -> None:
    """The rest of the body must not meet the next request; a plain answer is no exception."""
    refusal = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status

    async def play(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(refusal if server.connections == 1 else GOOD)
        await peer.ended()

    async with serving(play) as server:
        carrier = LeanCarrier(server.url, timeout_s=40, connections=1)
        large = await carrier.exchange("POST", "/", {}, b"x" * 20_000_000, within_s=60)
        assert Reply(status, b"") == large
        assert 200 == (await _post(carrier)).status
        await carrier.aclose()

    assert 2 == server.connections
