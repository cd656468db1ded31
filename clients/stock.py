"""The way through httpx: its own network, or any transport that a test puts in its place."""

import asyncio
from collections.abc import Mapping

import httpx

from clients.carrier import (
    CONSTANT_HEADERS,
    LARGEST_ANSWER_BYTES,
    NO_FIELDS,
    Reply,
    entity_fields,
)
from clients.http1.limits import IDLE_S


class HttpxCarrier:
    """A carrier that is an `httpx.AsyncClient`. Slower than lean.py, and known to everybody.

    Proxies of the environment are not used: upstreams are neighbours, and a proxy would add a place
    where an answer can be lost.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        connections: int,
        always: Mapping[str, str] = NO_FIELDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.client = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(timeout_s, connect=timeout_s / 2, pool=timeout_s / 2),
            limits=httpx.Limits(
                max_connections=connections,
                max_keepalive_connections=connections,
                keepalive_expiry=IDLE_S,
            ),
            headers={**CONSTANT_HEADERS, **always},
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    async def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        key: str | None = None,
        within_s: float,
    ) -> Reply:
        """See Carrier."""
        fields = {**headers, **entity_fields(content, key)}
        async with asyncio.timeout(within_s):
            return await self._round_trip(method, path, fields, content)

    async def aclose(self) -> None:
        """See Carrier."""
        await self.client.aclose()

    async def _round_trip(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        request = self.client.build_request(method, path, headers=headers, content=content)
        try:
            response = await self.client.send(request, stream=True)
            try:
                retry_after = response.headers.get("Retry-After")
                return Reply(response.status_code, await read(response), retry_after)
            finally:
                await response.aclose()
        except httpx.RequestError:
            raise
        except Exception as leaked:
            # A connection that is reset while it is being set up has been seen to leave httpcore
            # as an AttributeError, and a request that ended in an error nobody has a name for may
            # have been sent like any other.
            message = f"the connection broke ({type(leaked).__name__})"
            raise httpx.NetworkError(message, request=request) from leaked


async def read(response: httpx.Response) -> bytes:
    """The content, or as much as it takes to see that it is too much."""
    chunks = bytearray()
    async for chunk in response.aiter_bytes():
        chunks += chunk
        if len(chunks) > LARGEST_ANSWER_BYTES:
            break
    return bytes(chunks)
