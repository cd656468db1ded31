"""Inventory, payment and shipping as a tutorial would write them, to be failed by the kit.

Nothing here is wrong to look at: dictionaries, the caller's id, a look before each leap, and a
little time between the two, as a database would take. There are no keys and no tombstones.
"""

import asyncio
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

Document = dict[str, Any]


class Item(BaseModel):
    """A line of an order."""

    sku: str
    qty: int


class Order(BaseModel):
    """What all three are sent; each takes what it needs."""

    id: str
    orderId: str  # noqa: N815 - the wire's name
    items: list[Item] = []
    userId: str | None = None  # noqa: N815
    amount: float = 0
    currency: str = "INR"
    address: dict[str, str] = {}


def inventory() -> FastAPI:  # noqa: C901 - all routes in one place, as tutorials have them
    """Return the tutorial's inventory."""
    app = FastAPI()
    stock: dict[str, int] = {}
    reserved: dict[str, int] = {}
    reservations: dict[str, Document] = {}

    @app.put("/stock/{sku}")
    async def put_stock(sku: str, body: Document) -> Document:
        stock[sku] = body["onHand"]
        reserved.setdefault(sku, 0)
        return await get_stock(sku)

    @app.get("/stock/{sku}")
    async def get_stock(sku: str) -> Document:
        if sku not in stock:
            raise HTTPException(404, "Unknown product")
        on_hand, held = stock[sku], reserved[sku]
        return {"sku": sku, "onHand": on_hand, "reserved": held, "available": on_hand - held}

    @app.post("/reserve", status_code=201)
    async def reserve(order: Order) -> Document:
        for item in order.items:
            if stock.get(item.sku, 0) - reserved.get(item.sku, 0) < item.qty:
                raise HTTPException(409, "Out of stock")
        await asyncio.sleep(0)
        for item in order.items:
            reserved[item.sku] += item.qty
        reservations[order.id] = order.model_dump(include={"id", "orderId", "items"}) | {
            "status": "reserved",
            "expiresAt": "2030-01-31T12:00:00Z",
        }
        return reservations[order.id]

    @app.post("/reservations/{name}/commit")
    async def commit(name: str) -> Document:
        reservation = _found(reservations, name)
        for item in reservation["items"]:
            stock[item["sku"]] -= item["qty"]
            reserved[item["sku"]] -= item["qty"]
        reservation["status"] = "committed"
        return reservation

    @app.post("/reservations/{name}/release")
    async def release(name: str) -> Document:
        reservation = _found(reservations, name)
        for item in reservation["items"]:
            reserved[item["sku"]] -= item["qty"]
        del reservations[name]
        return {"id": name, "status": "released"}

    @app.get("/reservations/{name}")
    async def read(name: str) -> Document:
        return _found(reservations, name)

    return app


def payment() -> FastAPI:
    """Return the tutorial's payment service."""
    app = FastAPI()
    payments: dict[str, Document] = {}

    @app.post("/payments", status_code=201)
    async def authorize(order: Order) -> Document:
        if order.userId is not None and order.userId.startswith("decline"):
            raise HTTPException(402, "Payment declined")
        await asyncio.sleep(0)
        members = {"id", "orderId", "amount", "currency"}
        payments[order.id] = order.model_dump(include=members) | {"status": "authorized"}
        return payments[order.id]

    @app.post("/payments/{name}/capture")
    async def capture(name: str) -> Document:
        payment = _found(payments, name)
        if payment["status"] != "authorized":
            raise HTTPException(409, f"Payment is {payment['status']}")
        await asyncio.sleep(0)
        payment["status"] = "captured"
        return payment

    @app.post("/payments/{name}/refund")
    async def refund(name: str) -> Document:
        payment = _found(payments, name)
        if payment["status"] == "refunded":
            raise HTTPException(409, "Already refunded")
        payment["status"] = "refunded"
        return payment

    @app.get("/payments/{name}")
    async def read(name: str) -> Document:
        return _found(payments, name)

    return app


def shipping() -> FastAPI:
    """Return the tutorial's shipping service."""
    app = FastAPI()
    shipments: dict[str, Document] = {}

    @app.post("/shipments", status_code=201)
    async def ship(order: Order) -> Document:
        if order.address.get("postalCode") == "00000":
            raise HTTPException(422, "Address not served")
        await asyncio.sleep(0)
        number = f"T-{len(shipments) + 1}"
        shipments[order.id] = order.model_dump(include={"id", "orderId"}) | {
            "status": "created",
            "trackingNumber": number,
        }
        return shipments[order.id]

    @app.post("/shipments/{name}/cancel")
    async def cancel(name: str) -> Document:
        shipment = _found(shipments, name)
        shipment["status"] = "cancelled"
        return shipment

    @app.get("/shipments/{name}")
    async def read(name: str) -> Document:
        return _found(shipments, name)

    return app


def _found(things: dict[str, Document], name: str) -> Document:
    if name not in things:
        raise HTTPException(404, "Not found")
    return things[name]
