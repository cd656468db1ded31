"""No room: the answer is made once for all, and still each caller's own."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app import create_app
from tests.api.in_process import order, settings

UPSTREAMS = ("inventory", "payment", "shipping", "database")


class Holding(httpx.AsyncBaseTransport):
    """An upstream that answers nobody before it is told to; then it refuses."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.released = asyncio.Event()

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        """Hold the call."""
        self.asked.set()
        await self.released.wait()
        return httpx.Response(400, json={"detail": "not now"})


@pytest.fixture
async def full() -> AsyncIterator[httpx.ASGITransport]:
    """A replica with one place, which is taken."""
    held = Holding()
    app = create_app(settings(max_in_flight=1), transports=dict.fromkeys(UPSTREAMS, held))
    network = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=network, base_url="http://orders") as client:
        first = asyncio.create_task(client.post("/orders", json=order()))
        await held.asked.wait()
        yield network
        held.released.set()
        await first


async def _refusal(network: httpx.ASGITransport, request_id: str, path: str) -> httpx.Response:
    network.root_path = path.removesuffix("/orders")
    async with httpx.AsyncClient(transport=network, base_url="http://orders") as client:
        return await client.post(path, json=order(), headers={"X-Request-Id": request_id})


async def test_every_refusal_is_the_same_and_has_its_callers_ids(
    full: httpx.ASGITransport,
) -> None:
    """Nothing of one answer is left in the next, whichever way it takes."""
    paths = {"a": "/orders", "b": "/orders", "c": "/shop/orders", "d": "/orders"}
    answers = [await _refusal(full, name, path) for name, path in paths.items()]
    fields = [
        [(name, value) for name, value in answer.headers.multi_items() if name != "traceparent"]
        for answer in answers
    ]

    assert [503] * 4 == [answer.status_code for answer in answers]
    assert {"overloaded"} == {answer.json()["code"] for answer in answers}
    assert ["a", "b", "c", "d"] == [answer.headers["X-Request-Id"] for answer in answers]
    assert 4 == len({answer.headers["traceparent"] for answer in answers})
    told = [
        ("retry-after", "1"),
        ("content-length", str(len(answers[0].content))),
        ("content-type", "application/problem+json"),
    ]
    assert [
        [*told, ("x-request-id", name), ("x-content-type-options", "nosniff")] for name in paths
    ] == fields
