"""Which network carries the calls, and what its failures mean: was the request sent or not?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import httpx

from clients.carrier import NO_FIELDS, Carrier
from clients.lean import LeanCarrier
from clients.stock import HttpxCarrier

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


Network: TypeAlias = Literal["lean", "httpx"]
"""Whose connections carry the calls: our own, or httpx's."""


def open_carrier(
    base_url: str,
    *,
    timeout_s: float,
    connections: int,
    network: Network = "lean",
    always: Mapping[str, str] = NO_FIELDS,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Carrier:
    """One carrier per upstream, so that a slow one cannot use up the connections of the others.

    `connections` is the most calls that can be under way at once; one below it would be a hidden
    queue. Connecting may take half of a call's time-out: what is cut off while connecting was
    certainly not sent, and need not be undone. `always` are header fields of every request. A
    `transport` stands for the network (tests).
    """
    if transport is None and network == "lean":
        return LeanCarrier(base_url, timeout_s=timeout_s, connections=connections, always=always)
    return HttpxCarrier(
        base_url,
        timeout_s=timeout_s,
        connections=connections,
        always=always,
        transport=transport,
    )
