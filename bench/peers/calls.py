"""The seven calls of an order, in the contract's words; the addresses come from the environment."""

import os
import uuid
from dataclasses import dataclass
from typing import Any, Final

INVENTORY: Final = os.environ.get("INVENTORY_URL", "http://localhost:8006")
PAYMENT: Final = os.environ.get("PAYMENT_URL", "http://localhost:8005")
SHIPPING: Final = os.environ.get("SHIPPING_URL", "http://localhost:8007")
DATABASE: Final = os.environ.get("DATABASE_SERVICE_URL", "http://localhost:8000")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an upstream."""

    method: str
    url: str
    key: str
    body: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """The key; and, as this service asks for it too, no record back that was just sent."""
        key = {"X-Idempotency-Key": self.key}
        return {**key, "Prefer": "return=minimal"} if self.url.startswith(DATABASE) else key


def new_order(body: dict[str, Any]) -> dict[str, Any]:
    """What a client asked for, as an order with an id and a total; ids are the caller's to choose.

    One id serves for reservation, payment and shipment too: a peer need not compute three.
    """
    total = sum(item["qty"] * item["price"] for item in body["items"])
    return {"id": str(uuid.uuid4()), **body, "total": f"{total:.2f}"}


def before(order: dict[str, Any]) -> Call:
    """The first durable write."""
    body = {"id": order["id"], "userId": order["userId"], "order": order, "progress": {}}
    return Call("POST", f"{DATABASE}/orders", f"{order['id']}:create", body)


def steps(order: dict[str, Any]) -> list[Call]:
    """The five steps of the saga, forward."""
    order_id = order["id"]
    items = [{"sku": item["sku"], "qty": item["qty"]} for item in order["items"]]
    named = {"id": order_id, "orderId": order_id}
    amount = {"amount": order["total"], "currency": order["currency"], "userId": order["userId"]}
    parcel = {"address": order["address"], "items": items}
    return [
        Call("POST", f"{INVENTORY}/reserve", f"{order_id}:reserve", {**named, "items": items}),
        Call("POST", f"{PAYMENT}/payments", f"{order_id}:authorize", {**named, **amount}),
        Call("POST", f"{SHIPPING}/shipments", f"{order_id}:ship", {**named, **parcel}),
        Call("POST", f"{PAYMENT}/payments/{order_id}/capture", f"{order_id}:capture", {}),
        Call("POST", f"{INVENTORY}/reservations/{order_id}/commit", f"{order_id}:commit", {}),
    ]


def after(order: dict[str, Any]) -> Call:
    """The last durable write."""
    url, key = f"{DATABASE}/orders/{order['id']}", f"{order['id']}:confirm"
    return Call("PATCH", url, key, {"status": "CONFIRMED", "progress": {}})
