"""What may have been carried out, and in which words that is told."""

from collections.abc import Callable

import httpx
import pytest
import respx

from clients.errors import Unreachable, UpstreamError
from tests.clients.upstreams import CALL, URL, an_upstream, within


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_what_was_not_sent_is_not_in_doubt(error: type[httpx.RequestError]) -> None:
    """A connection that never came about carried nothing."""
    upstream = an_upstream(httpx.MockTransport(_raising(error)))

    with pytest.raises(Unreachable) as failed:
        await upstream.send(CALL, within())

    assert not failed.value.in_doubt
    assert 4 == failed.value.attempts


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.ProxyError,
    ],
)
async def test_what_broke_after_the_connection_is_in_doubt(
    error: type[httpx.RequestError],
) -> None:
    """That a server has disconnected is no proof that it has not carried the request out."""
    upstream = an_upstream(httpx.MockTransport(_raising(error)))

    with pytest.raises(Unreachable) as failed:
        await upstream.send(CALL, within())

    assert failed.value.in_doubt


def _raising(error: type[Exception]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(_: httpx.Request) -> httpx.Response:
        message = "http://payment.internal:8005 said no"
        raise error(message)

    return handle


async def test_an_error_nobody_has_a_name_for_is_in_doubt() -> None:
    """What leaks out of the network's machinery may have been sent like any other request."""
    upstream = an_upstream(httpx.MockTransport(_raising(AttributeError)), tries=1)

    with pytest.raises(Unreachable) as failed:
        await upstream.send(CALL, within())

    assert failed.value.in_doubt
    assert "internal" not in failed.value.detail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (httpx.ConnectError, "could not connect"),
        (httpx.ConnectTimeout, "could not connect in time"),
        (httpx.ReadTimeout, "no answer in time"),
        (httpx.ReadError, "the connection broke before the answer was complete"),
    ],
)
async def test_the_words_for_trouble_name_no_host(
    error: type[httpx.RequestError], detail: str
) -> None:
    """What the network says, with its addresses, is not passed on."""
    upstream = an_upstream(httpx.MockTransport(_raising(error)), tries=1)

    with pytest.raises(Unreachable) as failed:
        await upstream.send(CALL, within())

    assert detail == failed.value.detail
    assert f"payment authorize: {detail}" == str(failed.value)


Answers = list[httpx.Response | type[Exception]]


DOUBTS: dict[str, tuple[Answers, bool]] = {
    "time-out, then refused": ([httpx.ReadTimeout, httpx.Response(409)], True),
    "500, then refused": ([httpx.Response(500), httpx.Response(402)], True),
    "busy, then refused": ([httpx.Response(429), httpx.Response(409)], True),
    "garbage, then refused": ([httpx.Response(200, text="?"), httpx.Response(410)], True),
    "not connected, then refused": ([httpx.ConnectError, httpx.Response(409)], False),
    "not connected, then a time-out, then refused": (
        [httpx.ConnectError, httpx.ReadTimeout, httpx.Response(409)],
        True,
    ),
    "in doubt, then never connected": ([httpx.ReadError, *[httpx.ConnectError] * 3], True),
    "never connected": ([httpx.ConnectError] * 4, False),
}


@pytest.mark.parametrize(("answers", "in_doubt"), DOUBTS.values(), ids=DOUBTS)
@respx.mock
async def test_doubt_is_remembered_over_the_tries(answers: Answers, *, in_doubt: bool) -> None:
    """One try that may have been carried out puts the call in doubt, however the last one ended."""
    route = respx.post(f"{URL}/payments")
    route.side_effect = answers

    with pytest.raises(UpstreamError) as failed:
        await an_upstream().send(CALL, within())

    assert in_doubt == failed.value.in_doubt
    assert len(answers) == failed.value.attempts
