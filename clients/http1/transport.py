"""The transport as httpx knows transports: any request, any origin, bodies streamed both ways.

`clients/` itself takes a shorter way to the same connections (lean.py); this one is for everything
else that speaks httpx, and is what the tests hold against httpx's own.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable
from typing import Final, cast

import httpx

from clients.http1.connection import Connection
from clients.http1.framing import Framing
from clients.http1.limits import IDLE_S
from clients.http1.pool import Origin, Pool
from clients.http1.reply import Reply
from clients.http1.request import head

_PORTS: Final = {"http": 80, "https": 443}


class LeanTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 with keep-alive: at most `connections` to one origin at once.

    Every failure is the exception of httpx that tells whether the request may have been sent:
    `ConnectError`, `ConnectTimeout`, `PoolTimeout` and `LocalProtocolError` (a request that is not
    one) come before the first byte left, all others after. Nothing is ever sent twice.
    """

    def __init__(
        self,
        *,
        connections: int = 100,
        idle_s: float = IDLE_S,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._connections = connections
        self._idle_s = idle_s
        self._verify = verify
        self._tls: ssl.SSLContext | None = None
        self._pools: dict[tuple[str, str, int], Pool] = {}

    def pool(self, url: httpx.URL) -> Pool:
        """The connections to the origin of `url`."""
        scheme, host = url.scheme, url.raw_host.decode("ascii")
        if scheme not in _PORTS or not host:
            raise httpx.UnsupportedProtocol(f"{url} is not an http:// or https:// address")
        port = url.port or _PORTS[scheme]
        key = (scheme, host, port)
        pool = self._pools.get(key)
        if pool is None:
            origin = Origin(host, port, self._context() if scheme == "https" else None)
            pool = Pool(origin, connections=self._connections, idle_s=self._idle_s)
            self._pools[key] = pool
        return pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        pool = self.pool(request.url)
        fields = request.headers.raw
        framing = Framing.of(fields)
        target = request.extensions.get("target", request.url.raw_path)
        payload = head(request.method.encode(), target, fields)
        timeouts = request.extensions.get("timeout", {})
        body = _whole_body(request)
        if body is not None:
            payload += framing.piece(body) + framing.end()
        connection = pool.take() or await pool.acquire(
            wait_s=timeouts.get("pool"), connect_s=timeouts.get("connect")
        )
        exchange = connection.begin(
            payload,
            head_only=request.method == "HEAD",
            sent=False,
            last=framing.closes,
        )
        try:
            await _drained(connection, timeouts.get("write"))
            if body is None:
                pieces = cast("AsyncIterable[bytes]", request.stream)
                await _send(connection, exchange, pieces, framing, timeouts.get("write"))
            connection.finish(exchange, timeouts.get("read"))
            reply = await exchange
        except BaseException:
            connection.abandon(exchange)
            raise
        return _response(reply)

    async def aclose(self) -> None:
        """Close all connections; requests under way and those to come fail."""
        for pool in self._pools.values():
            await pool.aclose()

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            verify = self._verify
            # As everywhere in clients/, the environment has no say in whom to trust.
            self._tls = httpx.create_ssl_context(verify=verify, trust_env=False)
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


def _whole_body(request: httpx.Request) -> bytes | None:
    """The body, when it is there already; None when it has yet to be produced."""
    try:
        return request.content
    except httpx.RequestNotRead:
        return None


async def _send(
    connection: Connection,
    exchange: asyncio.Future[Reply],
    pieces: AsyncIterable[bytes],
    framing: Framing,
    write_s: float | None,
) -> None:
    """Send a body piece by piece, unless the answer comes first: then nobody wants the rest."""
    async for piece in pieces:
        if exchange.done():
            return
        connection.write(framing.piece(piece))
        await _drained(connection, write_s)
    if not exchange.done():
        connection.write(framing.end())


async def _drained(connection: Connection, within_s: float | None) -> None:
    if not connection.congested:
        return
    try:
        async with asyncio.timeout(within_s):
            await connection.drained()
    except TimeoutError as late:
        raise httpx.WriteTimeout("the request could not be sent in time") from late


def _response(reply: Reply) -> httpx.Response:
    body = reply.body
    return httpx.Response(
        reply.status,
        headers=reply.fields,
        stream=httpx.ByteStream(body) if isinstance(body, bytes) else body,
        extensions={"http_version": reply.version},
    )
