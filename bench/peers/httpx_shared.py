"""FastAPI and one httpx client for all orders, as httpx's own documentation recommends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from fastapi import FastAPI

from bench.peers.calls import Call
from bench.peers.fastapi_app import order_service

# httpx's own limits (100 connections, 20 of them kept): more were tried and made it slower.
http: Final = httpx.AsyncClient(timeout=5)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections at the end."""
    async with http:
        yield


async def make_calls(calls: list[Call]) -> None:
    """One after another."""
    for call in calls:
        answer = await http.request(call.method, call.url, json=call.body, headers=call.headers)
        answer.raise_for_status().json()


app = order_service(make_calls, lifespan)
