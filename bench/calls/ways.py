"""The ways of one call, from bare sockets to the stock client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import httpx

from bench.calls.floor import RawConnection
from clients.breaker import CircuitBreaker
from clients.call import Call, CallLimits
from clients.http1.pool import Origin, Pool
from clients.http1.transport import LeanTransport
from clients.retry import RetryPolicy
from clients.transport import Network, open_carrier
from clients.upstream import Upstream

_TIMEOUT_S: Final = 5.0
_KEY: Final = "8f14e45f-ceea-467f-9c2d-0a5c8e4b7d21:authorize"
_BODY: Final = {
    "id": "0b7c3a52-6f0e-5d7e-9b0a-5e7d1f0c2a11",
    "orderId": "8f14e45f-ceea-467f-9c2d-0a5c8e4b7d21",
    "userId": "u-1",
    "amount": "998.50",
    "currency": "INR",
}
_TRACE: Final = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}

OneCall = Callable[[], Awaitable[object]]
"""Makes one call."""

Way = Callable[[int, int], AbstractAsyncContextManager[OneCall]]
"""Opens a way to a port for so many calls at once, and closes it again."""


@asynccontextmanager
async def raw(port: int, at_once: int) -> AsyncIterator[OneCall]:
    """Sockets and nothing else."""
    request = (
        b"POST /payments HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Idempotency-Key: %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" % _KEY.encode()
    )
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(RawConnection, "127.0.0.1", port))[1] for _ in range(at_once)
    ]
    free = list(made)

    async def call() -> None:
        connection = free.pop()
        await connection.call(request)
        free.append(connection)

    yield call
    for connection in made:
        connection.close()


@asynccontextmanager
async def connections(port: int, at_once: int) -> AsyncIterator[OneCall]:
    """Our pool and connections, with a request made beforehand."""
    pool = Pool(Origin("127.0.0.1", port), connections=at_once)
    request = (
        b"POST /payments HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Idempotency-Key: %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" % _KEY.encode()
    )

    async def call() -> object:
        connection = pool.take() or await pool.acquire(wait_s=None, connect_s=None)
        return await connection.begin(request, within_s=_TIMEOUT_S, limit=1_048_576)

    yield call
    await pool.aclose()


def upstream(network: Network) -> Way:
    """Upstream.send: fence, deadline, circuit, key, JSON both ways, retries armed."""

    @asynccontextmanager
    async def open_(port: int, at_once: int) -> AsyncIterator[OneCall]:
        clock = asyncio.get_running_loop().time
        sending = Upstream(
            "payment",
            open_carrier(
                f"http://127.0.0.1:{port}",
                timeout_s=_TIMEOUT_S,
                connections=at_once,
                network=network,
            ),
            CircuitBreaker(failures=8, open_s=5, clock=clock),
            timeout_s=_TIMEOUT_S,
            retry=RetryPolicy(4),
            clock=clock,
        )

        async def call() -> object:
            now = clock()
            limits = CallLimits(now + 30, fence=now + 60, headers=_TRACE, caller="o-1")
            return await sending.send(
                Call("authorize", "POST", "/payments", _KEY, _BODY, lambda body: "id" in body),
                limits,
            )

        yield call
        await sending.close()

    return open_


def client(transport: Callable[[int], httpx.AsyncBaseTransport]) -> Way:
    """A stock `httpx.AsyncClient` on a transport, JSON both ways."""

    @asynccontextmanager
    async def open_(port: int, at_once: int) -> AsyncIterator[OneCall]:
        async with httpx.AsyncClient(
            transport=transport(at_once), base_url=f"http://127.0.0.1:{port}", trust_env=False
        ) as opened:

            async def call() -> object:
                response = await opened.post(
                    "/payments", json=_BODY, headers={"X-Idempotency-Key": _KEY, **_TRACE}
                )
                return response.json()

            yield call

    return open_


def lean(at_once: int) -> httpx.AsyncBaseTransport:
    """Our transport."""
    return LeanTransport(connections=at_once)


def stock(at_once: int) -> httpx.AsyncBaseTransport:
    """The transport that httpx has itself."""
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    return httpx.AsyncHTTPTransport(limits=limits, trust_env=False)


WAYS: Final[dict[str, Way]] = {
    "sockets, no parsing": raw,
    "our connections": connections,
    "Upstream.send, lean": upstream("lean"),
    "Upstream.send, httpx": upstream("httpx"),
    "httpx.AsyncClient, our transport": client(lean),
    "httpx.AsyncClient, stock": client(stock),
}
"""From the floor up."""
