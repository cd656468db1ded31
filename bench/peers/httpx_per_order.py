"""FastAPI and a new httpx client for every order: `async with httpx.AsyncClient()` in the handler.

The habit of many tutorials. Every order makes its connections anew, and a TLS context that it does
not use.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from bench.peers.calls import Call
from bench.peers.fastapi_app import order_service


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Nothing is kept from order to order."""
    yield


async def make_calls(calls: list[Call]) -> None:
    """One after another, on a client of their own."""
    async with httpx.AsyncClient(timeout=5) as http:
        for call in calls:
            answer = await http.request(call.method, call.url, json=call.body, headers=call.headers)
            answer.raise_for_status().json()


app = order_service(make_calls, lifespan)
