"""The pool: a bound, a line, and an end."""

import asyncio

import httpx
import pytest

from clients.http1.pool import Origin, Pool
from clients.http1.transport import LeanTransport
from clients.transport import may_have_been_sent
from testbed.ports import free_port
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, serving, until, well_behaved

ANSWERED = (200, b'{"id":"p-1"}')


async def test_no_more_connections_than_allowed_for_any_number_of_calls() -> None:
    """Many at once, few connections, and everybody is answered."""
    async with LeanTransport(connections=4) as ours, serving(well_behaved) as server:
        answers = await asyncio.gather(*(ask(ours, a_request(server.url)) for _ in range(300)))

    assert {ANSWERED} == set(answers)
    assert (4, 300) == (server.connections, len(server.requests))


async def test_many_calls_at_once_on_many_connections(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """Each gets its own answer."""

    async def echo(peer: Peer) -> None:
        while True:
            body = (await peer.request()).partition(b"\r\n\r\n")[2]
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    bodies = [b"%d" % number for number in range(100)]
    async with serving(echo) as server:
        answers = await asyncio.gather(
            *(ask(transport, a_request(server.url, content=body)) for body in bodies)
        )

    assert [(200, body) for body in bodies] == answers


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "closed each time"])
async def test_who_waits_longest_is_served_first(*, keeps: bool) -> None:
    """In the order in which they came, whether connections become free or places do."""
    order: list[int] = []
    answer = GOOD if keeps else GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    async def play(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answer)
            if not keeps:
                return

    async with LeanTransport(connections=1) as ours, serving(play) as server:

        async def call(number: int) -> None:
            assert ANSWERED == await ask(ours, a_request(server.url))
            order.append(number)

        await asyncio.gather(*(call(number) for number in range(20)))

    assert list(range(20)) == order


async def test_a_newcomer_does_not_overtake(ours: LeanTransport) -> None:
    """A connection that becomes free is handed over; it is never free for somebody else."""
    del ours
    order: list[str] = []

    async with LeanTransport(connections=1) as one, serving(well_behaved) as server:

        async def call(name: str, *, again: int = 0) -> None:
            for _ in range(again + 1):
                assert ANSWERED == await ask(one, a_request(server.url))
                order.append(name)

        await asyncio.gather(call("busy", again=3), call("patient"))

    assert ["busy", "patient"] == order[:2]


async def test_a_refused_connection_frees_its_place() -> None:
    """Twenty failures leave room for twenty more, and nothing was sent."""
    url = f"http://127.0.0.1:{free_port()}"
    async with LeanTransport(connections=2) as ours:
        for _ in range(2):
            told = await asyncio.gather(*(ask(ours, a_request(url)) for _ in range(20)))
            assert {"ConnectError"} == set(told)

    assert not may_have_been_sent(httpx.ConnectError("x"))


async def test_a_host_that_does_not_exist_is_a_connect_error(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """Nothing was sent."""
    assert "ConnectError" == await ask(transport, a_request("http://nowhere.invalid/"))


async def test_closing_ends_everything() -> None:
    """Idle connections, requests under way, those in line, those being connected, later ones."""

    async def play(peer: Peer) -> None:
        if server.connections == 1:
            await peer.request()
            await peer.send(GOOD)
        elif server.connections == 2:
            await peer.request()
        await peer.ended()

    async with serving(play) as server:
        ours = LeanTransport(connections=2)
        idle = asyncio.create_task(ask(ours, a_request(server.url)))
        await idle
        under_way = [asyncio.create_task(ask(ours, a_request(server.url))) for _ in range(2)]
        await until(lambda: server.connections == 2)
        in_line = asyncio.create_task(ask(ours, a_request(server.url)))
        handshake = asyncio.create_task(ask(ours, a_request(server.url.replace("http", "https"))))
        await until(lambda: server.connections == 3)

        await ours.aclose()

        assert {"ReadError"} == {await task for task in under_way}
        assert "ConnectError" == await in_line
        assert "ConnectError" == await handshake
        assert "ConnectError" == await ask(ours, a_request(server.url))
        await until(lambda: server.ended == 3)
        await ours.aclose()
        assert 3 == server.connections


async def test_an_unused_transport_can_be_closed() -> None:
    """Without ever having had a connection."""
    await LeanTransport().aclose()


@pytest.mark.parametrize(("connections", "idle_s"), [(0, 1.0), (-1, 1.0), (1, 0.0)])
def test_a_pool_that_could_not_work_is_refused(connections: int, idle_s: float) -> None:
    """When it is made, not when it is first used."""
    with pytest.raises(ValueError, match="a pool needs"):
        Pool(Origin("x", 80), connections=connections, idle_s=idle_s)


async def test_a_connection_serves_one_exchange_at_a_time() -> None:
    """Whoever holds on to one after its exchange is told so."""
    async with serving(well_behaved) as server:
        url = httpx.URL(server.url)
        pool = Pool(Origin(url.host, url.port or 0), connections=1)
        connection = await pool.acquire(wait_s=None, connect_s=None)
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        exchange = connection.begin(request)
        with pytest.raises(RuntimeError, match="one exchange at a time"):
            connection.begin(request)
        await exchange
        await pool.aclose()
        with pytest.raises(RuntimeError, match="one exchange at a time"):
            connection.begin(request)


@pytest.mark.parametrize("limit", [None, 1000])
async def test_an_answer_that_nobody_waits_for_any_more_costs_the_connection(
    limit: int | None,
) -> None:
    """It may come between the cancelling and the caller's own end; nothing breaks over it."""
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: broken.append(told))
    async with serving(well_behaved) as server:
        url = httpx.URL(server.url)
        pool = Pool(Origin(url.host, url.port or 0), connections=1, idle_s=3600)
        connection = await pool.acquire(wait_s=None, connect_s=None)
        connection.begin(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", limit=limit).cancel()
        await until(lambda: connection.closed)
        await pool.aclose()

    assert [] == broken
