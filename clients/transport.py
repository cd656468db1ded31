"""The HTTP client of one upstream, and what its failures mean: was the request sent or not?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import httpx

LARGEST_ANSWER_BYTES: Final = 1_048_576
"""An answer is a few kilobytes; whatever is larger than 1 MiB is not one and is not read to its
end."""

_IDLE_S: Final = 3.0
"""Common servers close a connection that is idle for 5 s; one that closes just as a request is sent
costs a retry, so this side lets go first."""

MAY_HAVE_BEEN_SENT: Final[Mapping[type[httpx.RequestError], bool]] = MappingProxyType(
    {
        httpx.ConnectError: False,
        httpx.ConnectTimeout: False,
        httpx.PoolTimeout: False,
        httpx.UnsupportedProtocol: False,
        # Bytes may have left before each of these; "server disconnected" is no proof of the
        # contrary.
        httpx.ReadTimeout: True,
        httpx.WriteTimeout: True,
        httpx.ReadError: True,
        httpx.WriteError: True,
        httpx.CloseError: True,
        httpx.ProxyError: True,
        httpx.LocalProtocolError: True,
        httpx.RemoteProtocolError: True,
        httpx.DecodingError: True,
        httpx.TooManyRedirects: True,
        # The families, for members that a later release may add: when in doubt, in doubt.
        httpx.TimeoutException: True,
        httpx.NetworkError: True,
        httpx.ProtocolError: True,
        httpx.TransportError: True,
        httpx.RequestError: True,
    }
)


def may_have_been_sent(failure: httpx.RequestError) -> bool:
    """Whether the upstream may have received the request that ended in `failure`."""
    return next(
        MAY_HAVE_BEEN_SENT[kind] for kind in type(failure).__mro__ if kind in MAY_HAVE_BEEN_SENT
    )


def open_http_client(
    base_url: str,
    *,
    timeout_s: float,
    connections: int,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """One client per upstream, so that a slow one cannot use up the connections of the others.

    `connections` is the most calls that can be under way at once; one below it would be a hidden
    queue. Connecting may take half of a call's time-out: what is cut off while connecting was
    certainly not sent, and need not be undone. Proxies of the environment are not used: upstreams
    are neighbours, and a proxy would add a place where an answer can be lost.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout_s, connect=timeout_s / 2, pool=timeout_s / 2),
        limits=httpx.Limits(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_IDLE_S,
        ),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


async def round_trip(
    client: httpx.AsyncClient, request: httpx.Request
) -> tuple[httpx.Response, bytes]:
    """Send the request and read the answer, up to a byte more than an answer may have.

    Raises `httpx.RequestError` and nothing else: a connection that is reset while it is being set
    up has been seen to leave httpcore as an AttributeError, and a request that ended in an error
    nobody has a name for may have been sent like any other.
    """
    try:
        response = await client.send(request, stream=True)
        try:
            return response, await _read(response)
        finally:
            await response.aclose()
    except httpx.RequestError:
        raise
    except Exception as leaked:
        message = f"the connection broke ({type(leaked).__name__})"
        raise httpx.NetworkError(message, request=request) from leaked


async def _read(response: httpx.Response) -> bytes:
    chunks = bytearray()
    async for chunk in response.aiter_bytes():
        chunks += chunk
        if len(chunks) > LARGEST_ANSWER_BYTES:
            break
    return bytes(chunks)
