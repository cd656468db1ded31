"""How the service is reached: its address, and what every request to it has."""

import base64
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

CONNECTIONS: Final = 60
"""At once: fifty buyers of the last unit, and some."""
KEPT: Final = 4
"""Idle connections: each is looked at for every request, and few checks have more than one."""
TIMEOUT_S: Final = 10.0
"""Twice what the order service gives a call by default: what is slower has failed there, too."""

_ACCEPT: Final = {
    "Accept": "application/json, application/problem+json",
    "User-Agent": "conformance",
}


@dataclass(frozen=True)
class Door:
    """A service's address. The transport is used as it is: no redirects, no cookies, no proxies.

    `headers` are secrets, as a password in the address is: they are sent and never shown.
    """

    transport: httpx.AsyncBaseTransport
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = TIMEOUT_S

    async def request(
        self, method: str, path: str, content: str | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        """Return the response, read to its end; raises httpx.RequestError."""
        request = httpx.Request(
            method,
            self.url + path,
            headers={**_ACCEPT, **headers, **self.headers},
            content=content,
            extensions={"timeout": httpx.Timeout(self.timeout_s).as_dict()},
        )
        response = await self.transport.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response


def network() -> httpx.AsyncBaseTransport:
    """Return the transport for real services; it is closed by its owner."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=KEPT)
    return httpx.AsyncHTTPTransport(limits=limits)


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Split a user and password off an address: return it without, and the header they make."""
    parts = urllib.parse.urlsplit(url)
    given, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    secret = base64.b64encode(urllib.parse.unquote(given).encode()).decode()
    bare = urllib.parse.urlunsplit(parts._replace(netloc=host))
    return bare, {"Authorization": f"Basic {secret}"}
