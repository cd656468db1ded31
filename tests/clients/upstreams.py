"""An upstream as app.py makes one, on the network that a test gives it."""

import asyncio
from typing import Final

import httpx

from clients.breaker import CircuitBreaker
from clients.call import Call, CallLimits
from clients.retry import RetryPolicy
from clients.transport import Network, open_carrier
from clients.upstream import Upstream

URL: Final = "http://payment.internal:8005"

CALL: Final = Call(
    "authorize", "POST", "/payments", "o-1:authorize", {"id": "p-1"}, lambda body: "id" in body
)
"""A call that believes every answer with an id."""


def now_s() -> float:
    """Give the running loop's clock."""
    return asyncio.get_running_loop().time()


def an_upstream(
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    tries: int = 4,
    timeout_s: float = 5,
    failures: int = 100,
    open_s: float = 5,
    url: str = URL,
    network: Network = "httpx",
) -> Upstream:
    """Make one with the default settings, but for a circuit that hardly ever opens.

    Tests that fake the network fake httpx's; those on real sockets run on both.
    """
    return Upstream(
        "payment",
        open_carrier(
            url, timeout_s=timeout_s, connections=10, network=network, transport=transport
        ),
        CircuitBreaker(failures=failures, open_s=open_s, clock=now_s),
        timeout_s=timeout_s,
        retry=RetryPolicy(tries),
        clock=now_s,
    )


def within(
    seconds: float = 30,
    *,
    fence_s: float = 60,
    max_tries: int | None = None,
    obligatory: bool = False,
    caller: object = "o-1",
) -> CallLimits:
    """Give limits that begin now."""
    return CallLimits(
        now_s() + seconds,
        fence=now_s() + fence_s,
        max_tries=max_tries,
        obligatory=obligatory,
        headers={"X-Request-Id": "r-1"},
        caller=caller,
    )


async def ticks(turns: int = 20) -> None:
    """Let the other tasks have their turns; no time passes."""
    for _ in range(turns):
        await asyncio.sleep(0)
