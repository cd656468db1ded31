"""FastAPI and aiohttp: one session, its connections kept, no limit that could make a queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from fastapi import FastAPI

from bench.peers.calls import Call
from bench.peers.fastapi_app import order_service

_sessions: list[aiohttp.ClientSession] = []


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the session, which needs a running loop; close its connections at the end."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, raise_for_status=True) as session:
        _sessions.append(session)
        yield
        _sessions.clear()


async def make_calls(calls: list[Call]) -> None:
    """One after another."""
    for call in calls:
        request = _sessions[0].request(call.method, call.url, json=call.body, headers=call.headers)
        async with request as answer:
            await answer.json()


app = order_service(make_calls, lifespan)
