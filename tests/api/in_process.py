"""The order service inside the test, without a socket; below it real upstreams, or none."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import httpx
from fastapi import FastAPI

from app import create_app
from orchestrator.settings import Settings
from services.database.app import create_app as create_database
from services.inventory.app import create_app as create_inventory
from services.payment.app import create_app as create_payment
from services.settings import ServiceSettings
from services.shipping.app import create_app as create_shipping

Body: TypeAlias = dict[str, Any]

SERVICES: Final[Mapping[str, Callable[[ServiceSettings], FastAPI]]] = MappingProxyType(
    {
        "database": create_database,
        "inventory": create_inventory,
        "payment": create_payment,
        "shipping": create_shipping,
    }
)

SKU: Final = "SKU-1"
"""An article of which there is always enough."""

PLENTY: Final = 10**12
"""Units of it: the most that a shelf holds."""

MAX_BODY_BYTES: Final = 20_000
"""The limit of these tests' order service: larger than its largest valid bodies here."""

ADDRESS: Final = {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"}


def order(**changes: Any) -> Body:  # noqa: ANN401 - any JSON value, wrong ones too
    """A valid order, with members changed."""
    items = [{"sku": SKU, "qty": 2, "price": "499.50"}]
    return {"userId": "u-1", "address": ADDRESS, "currency": "INR", "items": items} | changes


def line(**changes: Any) -> Body:  # noqa: ANN401 - as order
    """An order whose only line has members changed."""
    return order(items=[{"sku": SKU, "qty": 2, "price": "499.50"} | changes])


def address(**changes: Any) -> Body:  # noqa: ANN401 - as order
    """An order whose address has members changed."""
    return order(address=ADDRESS | changes)


def settings(**changes: Any) -> Settings:  # noqa: ANN401 - any setting
    """Settings of an order service that reads no environment worth the name."""
    given = {"debug_mode": True, "max_body_bytes": MAX_BODY_BYTES} | changes
    return Settings(_env_file=None, **given)


class Tripwire(httpx.AsyncBaseTransport):
    """An upstream that no bad request may reach; it notes who did, and refuses."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note the call."""
        self.reached.append(f"{request.method} {request.url}")
        return httpx.Response(400, json={"detail": "not to be called"})


class Counting(httpx.AsyncBaseTransport):
    """A real upstream, and how often it was called."""

    def __init__(self, app: FastAPI) -> None:
        self._upstream = httpx.ASGITransport(app)
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Count the call and pass it on."""
        self.calls += 1
        return await self._upstream.handle_async_request(request)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client of the order service; an exception that leaves the service fails the test."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://orders")


class Whole:
    """The order service over the real reference upstreams."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        upstreams: Mapping[str, httpx.AsyncClient],
        counters: Mapping[str, Counting],
    ) -> None:
        self.client = client
        self.upstreams = upstreams
        self._counters = counters

    @property
    def calls(self) -> int:
        """How many calls have reached an upstream."""
        return sum(counter.calls for counter in self._counters.values())

    async def place(self, body: object, **headers: str) -> httpx.Response:
        """POST the order."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/orders", content=encoded(body), headers=named)


@asynccontextmanager
async def whole(folder: Path, **changes: Any) -> AsyncIterator[Whole]:  # noqa: ANN401 - settings
    """Start everything in this process, one shelf full, without the order service's recovery."""
    async with AsyncExitStack() as stack:
        apps = {
            name: create(ServiceSettings(_env_file=None, database_url=f"sqlite:///{folder}/{name}"))
            for name, create in SERVICES.items()
        }
        for upstream in apps.values():
            await stack.enter_async_context(upstream.router.lifespan_context(upstream))
        counters = {name: Counting(upstream) for name, upstream in apps.items()}
        app = create_app(settings(**changes), transports=counters)
        upstreams = {
            name: await stack.enter_async_context(client_of(upstream))
            for name, upstream in apps.items()
        }
        client = await stack.enter_async_context(client_of(app))
        await upstreams["inventory"].put(f"/stock/{SKU}", json={"onHand": PLENTY})
        yield Whole(client, upstreams, counters)


def encoded(body: object) -> bytes:
    """JSON as it goes over the wire; bytes stay as they are."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document that agrees with the wire."""
    assert "application/problem+json" == answer.headers["content-type"]
    document = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= document.keys()
    assert answer.status_code == document["status"]
    return answer.status_code, document["code"]


def pointers(answer: httpx.Response) -> set[str]:
    """What a refusal points at."""
    return {error["pointer"] for error in answer.json()["errors"]}
