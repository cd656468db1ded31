"""TLS: whom it trusts, and how it may end."""

import ssl

import httpx
import pytest

from clients.http1.transport import LeanTransport
from tests.clients.http1.asking import a_request, ask
from tests.clients.http1.server import GOOD, Peer, serving, trusted, until, well_behaved

ANSWERED = (200, b'{"id":"p-1"}')


@pytest.fixture(params=["ours", "stock"])
def trusting(request: pytest.FixtureRequest) -> httpx.AsyncBaseTransport:
    """Give transports that trust the test authority."""
    if request.param == "ours":
        return LeanTransport(verify=trusted())
    return httpx.AsyncHTTPTransport(verify=trusted(), trust_env=False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_certificate_of_the_host_is_trusted(
    trusting: httpx.AsyncBaseTransport, host: str
) -> None:
    """By name and by address; the connection is kept."""
    async with trusting, serving(well_behaved, tls=True) as server:
        url = server.url.replace("127.0.0.1", host)
        for _ in range(3):
            assert ANSWERED == await ask(trusting, a_request(url))

    assert 1 == server.connections


async def test_an_authority_nobody_knows_is_not_trusted(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """The request was not sent."""
    async with serving(well_behaved, tls=True) as server:
        assert "ConnectError" == await ask(transport, a_request(server.url))

    assert [] == server.requests


async def test_a_certificate_of_another_host_is_not_trusted(
    trusting: httpx.AsyncBaseTransport,
) -> None:
    """Though its authority is known."""
    async with trusting, serving(well_behaved, tls=True, host="::1") as server:
        assert "ConnectError" == await ask(trusting, a_request(server.url))

    assert [] == server.requests


async def test_trust_can_be_turned_off() -> None:
    """By whoever says so in code; no setting does."""
    async with LeanTransport(verify=False) as any_one, serving(well_behaved, tls=True) as server:
        assert ANSWERED == await ask(any_one, a_request(server.url))


async def test_a_server_without_tls_is_a_connect_error(
    transport: httpx.AsyncBaseTransport,
) -> None:
    """It answers the handshake with something else."""

    async def play(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(GOOD)

    async with serving(play) as server:
        url = server.url.replace("http:", "https:")
        assert "ConnectError" == await ask(transport, a_request(url))

    assert [] == server.requests


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_an_end_in_the_middle_leaves_the_request_in_doubt(
    trusting: httpx.AsyncBaseTransport, how: str
) -> None:
    """As it does without TLS."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD[:-3])
        if how == "reset":
            peer.reset()

    async with trusting, serving(play, tls=True) as server:
        told = await ask(trusting, a_request(server.url))

    assert told in {"RemoteProtocolError", "ReadError"}
    assert 1 == len(server.requests)


async def test_an_answer_in_many_records_is_understood(
    trusting: httpx.AsyncBaseTransport,
) -> None:
    """Every byte in a record of its own."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.drip(GOOD)

    async with trusting, serving(play, tls=True) as server:
        assert ANSWERED == await ask(trusting, a_request(server.url))


async def test_a_kept_connection_that_ended_is_noticed() -> None:
    """The farewell of TLS comes as bytes; httpx sends the request into it."""

    async def play(peer: Peer) -> None:
        await peer.request()
        await peer.send(GOOD)

    async with LeanTransport(verify=trusted()) as ours, serving(play, tls=True) as server:
        assert ANSWERED == await ask(ours, a_request(server.url))
        await until(server.peers[0].writer.is_closing)
        assert ANSWERED == await ask(ours, a_request(server.url))

    assert (2, 2) == (server.connections, len(server.requests))


async def test_no_protocol_but_http_1_is_agreed_on(trusting: httpx.AsyncBaseTransport) -> None:
    """A server that would rather speak HTTP/2 is told that it is not spoken here."""
    agreed: list[str | None] = []

    async def play(peer: Peer) -> None:
        tls: ssl.SSLObject = peer.writer.get_extra_info("ssl_object")
        agreed.append(tls.selected_alpn_protocol())
        await well_behaved(peer)

    async with trusting, serving(play, tls=True) as server:
        assert ANSWERED == await ask(trusting, a_request(server.url))

    assert ["http/1.1"] == agreed
