"""`POST /orders` meets none of the framework's layers, and is the same where it has to."""

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app import create_app
from tests.api.in_process import Tripwire, order, settings

UPSTREAMS = ("inventory", "payment", "shipping", "database")


class Layer:
    """A middleware of the framework's that notes what passes it."""

    passed: list[str]

    def __init__(self, app: ASGIApp, passed: list[str]) -> None:
        self._app = app
        self.passed = passed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note, and pass on."""
        self.passed.append(f"{scope['method']} {scope['path']}")
        await self._app(scope, receive, send)


async def _ask(method: str, path: str, root_path: str = "") -> tuple[httpx.Response, list[str]]:
    passed: list[str] = []
    app = create_app(settings(), transports={name: Tripwire() for name in UPSTREAMS})
    app.add_middleware(Layer, passed=passed)
    transport = httpx.ASGITransport(app, root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://orders") as client:
        body = order() if method == "POST" else None
        return await client.request(method, path, json=body), passed


async def test_an_order_meets_no_layer() -> None:
    """But it is traced like everything else."""
    answer, passed = await _ask("POST", "/orders")

    assert [] == passed
    assert 502 == answer.status_code
    assert {"x-request-id", "traceparent", "x-content-type-options"} <= answer.headers.keys()


@pytest.mark.parametrize(("method", "path"), [("GET", "/livez"), ("PUT", "/orders")])
async def test_everything_else_meets_them(method: str, path: str) -> None:
    """The router, and whatever stands before it."""
    _, passed = await _ask(method, path)

    assert [f"{method} {path}"] == passed


async def test_behind_a_prefix_the_router_finds_the_operation() -> None:
    """The answer is the same, over the long way."""
    short, _ = await _ask("POST", "/orders")
    long, passed = await _ask("POST", "/shop/orders", root_path="/shop")

    assert ["POST /shop/orders"] == passed
    assert short.status_code == long.status_code
    assert short.json()["code"] == long.json()["code"]
    assert short.headers.keys() == long.headers.keys()
