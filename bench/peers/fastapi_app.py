"""What the FastAPI peers have in common: a route with a model, and seven calls in a row."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from bench.peers.calls import Call, after, before, new_order, steps

MakeCalls = Callable[[list[Call]], Awaitable[None]]
"""Makes the calls one after another and reads their JSON; raises when one is no success."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Item(BaseModel):
    """One line of an order."""

    sku: str
    qty: int
    price: Decimal


class Address(BaseModel):
    """Where it goes."""

    line1: str
    city: str
    country: str
    postalCode: str  # noqa: N815 - as it is on the wire


class OrderRequest(BaseModel):
    """What a client sends."""

    userId: str | None = None  # noqa: N815 - as it is on the wire
    address: Address
    currency: str = "INR"
    items: list[Item]


def order_service(make_calls: MakeCalls, lifespan: Lifespan) -> FastAPI:
    """An order service that makes its calls by `make_calls`."""
    app = FastAPI(lifespan=lifespan)

    @app.post("/orders")
    async def place(asked: OrderRequest) -> JSONResponse:
        order = new_order(asked.model_dump())
        for item in order["items"]:
            item["price"] = str(item["price"])
        await make_calls([before(order), *steps(order), after(order)])
        return JSONResponse({**order, "status": "CONFIRMED"}, status_code=201)

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    return app
