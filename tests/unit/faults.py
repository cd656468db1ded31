"""What can happen to a request on its way to a service and back.

A fault is given the request's effect as `carry_out`, and decides whether, when and how often it
happens and what the caller gets to see of it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Never

import httpx

CarryOut = Callable[[], httpx.Response]
Fault = Callable[[CarryOut], Awaitable[httpx.Response]]


async def good(carry_out: CarryOut) -> httpx.Response:
    """Carry the request out and answer it."""
    return carry_out()


def answers(status: int, *, headers: dict[str, str] | None = None, **problem: object) -> Fault:
    """Give this answer and do nothing."""

    async def fault(_: CarryOut) -> httpx.Response:
        return httpx.Response(status, json={"status": status, **problem}, headers=headers)

    return fault


def after_effect(status: int) -> Fault:
    """Carry the request out and claim that it broke."""

    async def fault(carry_out: CarryOut) -> httpx.Response:
        carry_out()
        return httpx.Response(status, json={"status": status, "code": "internal_error"})

    return fault


def slow(seconds: float) -> Fault:
    """Carry the request out at once and answer late."""

    async def fault(carry_out: CarryOut) -> httpx.Response:
        response = carry_out()
        await asyncio.sleep(seconds)
        return response

    return fault


async def refused(_: CarryOut) -> Never:
    """Do not accept the connection."""
    message = "connection to 10.1.2.3:8005 (payment.internal) refused"
    raise httpx.ConnectError(message)


async def silent(_: CarryOut) -> Never:
    """Receive the request, do nothing and say nothing."""
    await asyncio.Future()
    raise AssertionError


async def lost_answer(carry_out: CarryOut) -> Never:
    """Carry the request out; its answer never comes."""
    carry_out()
    message = "server disconnected without sending a response"
    raise httpx.RemoteProtocolError(message)


async def garbage(_: CarryOut) -> httpx.Response:
    """Answer something that is no answer."""
    return httpx.Response(200, text="<html>welcome</html>")


async def crash(_: CarryOut) -> httpx.Response:
    """Answer 500 without having done anything."""
    return httpx.Response(500, json={"status": 500, "detail": "out of cheese"})


class FaultPlan:
    """Which fault the next request of an operation meets; none planned means that all is well."""

    def __init__(self) -> None:
        self._next: dict[str, list[Fault]] = defaultdict(list)
        self._always: dict[str, Fault] = {}

    def next(self, operation: str, *faults: Fault) -> None:
        """Let the next requests of `operation` meet these, one after the other."""
        self._next[operation].extend(faults)

    def always(self, operation: str, fault: Fault) -> None:
        """Let every request of `operation` meet `fault`, once those planned singly are used up."""
        self._always[operation] = fault

    def heal(self) -> None:
        """Let everything work from now on."""
        self._next.clear()
        self._always.clear()

    def take(self, operation: str) -> Fault:
        """Return the fault of the request that is there now."""
        planned = self._next[operation]
        return planned.pop(0) if planned else self._always.get(operation, good)
