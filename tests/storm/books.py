"""A small day without a storm: our upstreams in fair weather, asked as the order service asks."""

import json
import random
import uuid
from http import HTTPStatus
from typing import Any, Final

from chaos.shop import DECLINED_USER
from tests.storm.contract import Journal, resource_id
from tests.storm.peer import Peer, Row
from tests.storm.peers import Inventory, Payment, Shipping
from tests.storm.weather import Climate, Weather
from tests.storm.wire import Reply, Request, Silence

STOCK: Final = 10
_ADDRESS: Final = {"line1": "1", "city": "Pune", "country": "IN", "postalCode": "411001"}


class Day:
    """Three upstreams, and the orders that were placed."""

    def __init__(self) -> None:
        self.journal = Journal()
        fair = Weather(Climate(1.0, 1.0, chance=0.0), random.Random(0))  # noqa: S311 - unused
        fair.heal()
        self.inventory = Inventory(self.journal, fair, {"SKU-1": STOCK})
        self.payment = Payment(self.journal, fair)
        self.shipping = Shipping(self.journal, fair)
        self.orders: list[dict[str, Any]] = []

    async def ask(
        self, operation: str, order_id: str, body: object = None, *, key: str | None = None
    ) -> int:
        """Call an upstream as the order service does, and give the status of its answer."""
        service, path = _CALLS[operation]
        peers: tuple[Peer, ...] = (self.inventory, self.payment, self.shipping)
        peer = next(peer for peer in peers if peer.service == service)
        headers = {"x-idempotency-key": key or f"{order_id}:{operation}"}
        content = b"" if body is None else json.dumps(body).encode()
        path = path.format(resource_id(order_id, service))
        answer: Reply | Silence = await peer.handle(Request("POST", path, headers, content))
        return answer.status if isinstance(answer, Reply) else 0

    async def confirm(self) -> dict[str, Any]:
        """An order that goes through."""
        order = self._order("CONFIRMED", "u-1")
        bodies = bodies_of(order)
        for operation in ("reserve", "authorize", "ship", "capture", "commit"):
            assert await self.ask(operation, order["id"], bodies.get(operation)) < HTTPStatus.FOUND
        return order

    async def decline(self) -> dict[str, Any]:
        """An order whose payment is declined, and which is taken back."""
        order = self._order("FAILED", f"{DECLINED_USER}-1")
        bodies = bodies_of(order)
        for operation in ("reserve", "authorize", "refund", "release"):
            await self.ask(operation, order["id"], bodies.get(operation))
        return order

    def row(self, peer: Peer, order: dict[str, Any]) -> Row:
        """What the order has at an upstream."""
        return peer.rows[resource_id(order["id"], peer.service)]

    def _order(self, status: str, user: str) -> dict[str, Any]:
        order = {
            "id": str(uuid.UUID(int=len(self.orders) + 1, version=4)),
            "status": status,
            "userId": user,
            "currency": "INR",
            "total": "999.00",
            "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}],
        }
        self.orders.append(order)
        return order


_CALLS: Final = {
    "reserve": ("inventory", "/reserve"),
    "authorize": ("payment", "/payments"),
    "ship": ("shipping", "/shipments"),
    "capture": ("payment", "/payments/{}/capture"),
    "commit": ("inventory", "/reservations/{}/commit"),
    "cancel": ("shipping", "/shipments/{}/cancel"),
    "refund": ("payment", "/payments/{}/refund"),
    "release": ("inventory", "/reservations/{}/release"),
}


def bodies_of(order: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the creates of an order must say (PROTOCOL, section 3)."""
    order_id = order["id"]
    items = [{"sku": item["sku"], "qty": item["qty"]} for item in order["items"]]
    money = {name: order[name] for name in ("userId", "currency")} | {"amount": order["total"]}
    reservation, payment, shipment = (
        {"id": resource_id(order_id, service), "orderId": order_id}
        for service in ("inventory", "payment", "shipping")
    )
    return {
        "reserve": {**reservation, "items": items},
        "authorize": {**payment, **money},
        "ship": {**shipment, "address": _ADDRESS, "items": items},
    }
