"""A small day without a storm: books that are in order, for doctoring."""

import json
import random
import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from tests.storm.attempt import Attempt, Look
from tests.storm.contract import Journal, resource_id
from tests.storm.evidence import Evidence, states
from tests.storm.peer import Peer, Row
from tests.storm.peers import DECLINED_USER, Inventory, Payment, Shipping
from tests.storm.shop import Line, Wish
from tests.storm.weather import Climate, Weather
from tests.storm.wire import Reply, Request, Silence

STOCK: Final = 10
_MOMENT: Final = "2026-01-02T03:04:05.678Z"


@dataclass(frozen=True)
class Placed:
    """An order as it stands, and the answer that its customer was given."""

    order: dict[str, Any]
    attempt: Attempt

    @property
    def id(self) -> str:
        """Of the order."""
        return str(self.order["id"])


class Books:
    """Three upstreams in fair weather, what was ordered, and what was told."""

    def __init__(self) -> None:
        self.journal = Journal()
        fair = Weather(Climate(1.0, 1.0, chance=0.0), random.Random(0))  # noqa: S311 - unused
        fair.heal()
        self.inventory = Inventory(self.journal, fair, {"SKU-1": STOCK})
        self.payment = Payment(self.journal, fair)
        self.shipping = Shipping(self.journal, fair)
        self.orders: dict[str, dict[str, Any]] = {}
        self.attempts: list[Attempt] = []
        self.replays: list[tuple[Attempt, Attempt | None]] = []
        self.looks: list[Look] = []

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The three upstreams."""
        return (self.inventory, self.payment, self.shipping)

    @property
    def evidence(self) -> Evidence:
        """As it stands now."""
        return Evidence(
            self.orders,
            self.attempts,
            self.replays,
            self.looks,
            self.inventory,
            self.payment,
            self.shipping,
        )

    async def ask(
        self, operation: str, order_id: str, body: object = None, *, key: str | None = None
    ) -> int:
        """Call an upstream as the order service does, and give the status of its answer."""
        service, path = _CALLS[operation]
        peer = next(peer for peer in self.peers if peer.service == service)
        headers = {"x-idempotency-key": key or f"{order_id}:{operation}"}
        content = b"" if body is None else json.dumps(body).encode()
        path = path.format(resource_id(order_id, service))
        answer: Reply | Silence = await peer.handle(Request("POST", path, headers, content))
        return answer.status if isinstance(answer, Reply) else 0

    async def confirm(self, *, key: str | None = None) -> Placed:
        """An order that goes through, and is looked at."""
        order, wanted = self._order("CONFIRMED"), self._wish("u-1")
        order = self._place(order, wanted)
        bodies = bodies_of(order)
        for operation in ("reserve", "authorize", "ship", "capture", "commit"):
            await self.ask(operation, order["id"], bodies.get(operation))
        self.looks.append(Look(order["id"], dict(order)))
        return Placed(order, self._told(order, wanted, key))

    async def decline(self, *, key: str | None = None) -> Placed:
        """An order whose payment is declined, and which is taken back."""
        order, wanted = self._order("FAILED"), self._wish(f"{DECLINED_USER}-1")
        order = self._place(order, wanted)
        bodies = bodies_of(order)
        for operation in ("reserve", "authorize", "refund", "release"):
            await self.ask(operation, order["id"], bodies.get(operation))
        return Placed(order, self._told(order, wanted, key))

    def replay(self, placed: Placed) -> Attempt:
        """The same request once more, after the end."""
        headers = {**placed.attempt.headers, "idempotent-replayed": "true"}
        told = {**placed.attempt.document}
        again = replace(placed.attempt, headers=headers, document=told, began=9.0, ended=9.1)
        self.attempts.append(again)
        self.replays.append((again, None))
        return again

    def add_row(self, peer: Peer, placed: Placed, status: str) -> None:
        """Something of the order at an upstream, under an id that nobody chose."""
        body = {**(peer.rows[resource_id(placed.id, peer.service)].body or {})}
        row = Row(str(uuid.uuid4()), status, body)
        peer.rows[row.id] = row

    def row(self, peer: Peer, placed: Placed) -> Row:
        """What the order has at an upstream."""
        return peer.rows[resource_id(placed.id, peer.service)]

    def _wish(self, user: str) -> Wish:
        marker = f"quiet {len(self.orders) + 1}"
        return Wish(marker, user, "IN", "INR", (Line("SKU-1", 2, "499.50"),))

    def _order(self, status: str) -> dict[str, Any]:
        return {"id": str(uuid.UUID(int=len(self.orders) + 1, version=4)), "status": status}

    def _place(self, order: dict[str, Any], wanted: Wish) -> dict[str, Any]:
        order |= {
            "userId": wanted.user,
            "address": wanted.address,
            "currency": wanted.currency,
            "items": [
                {"sku": line.sku, "qty": line.qty, "price": line.price} for line in wanted.lines
            ],
            "total": wanted.total,
            "reservationId": resource_id(order["id"], "inventory"),
            "paymentId": resource_id(order["id"], "payment"),
            "shipmentId": resource_id(order["id"], "shipping"),
            "createdAt": _MOMENT,
            "updatedAt": _MOMENT,
            "timeline": [],
            "failure": None,
        }
        self.orders[order["id"]] = order
        return order

    def _told(self, order: dict[str, Any], wanted: Wish, key: str | None) -> Attempt:
        attempt = Attempt(wanted, key, "replica-1", began=1.0, ended=2.0)
        attempt.headers = {"location": f"/orders/{order['id']}"}
        if order["status"] == "CONFIRMED":
            attempt.status, attempt.document = int(HTTPStatus.CREATED), dict(order)
        else:
            attempt.status = int(HTTPStatus.PAYMENT_REQUIRED)
            attempt.headers = {**attempt.headers, "content-type": "application/problem+json"}
            attempt.document = {
                "type": "about:blank",
                "title": "The payment was declined",
                "status": attempt.status,
                "detail": "the payment was declined",
                "code": "payment_declined",
                "compensation": "completed",
                "orderId": order["id"],
                "orderStatus": "FAILED",
            }
        attempt.books = states(self.peers, order["id"])
        self.attempts.append(attempt)
        return attempt


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
    return {
        "reserve": {"id": order["reservationId"], "orderId": order_id, "items": items},
        "authorize": {"id": order["paymentId"], "orderId": order_id, **money},
        "ship": {
            "id": order["shipmentId"],
            "orderId": order_id,
            "address": order["address"],
            "items": items,
        },
    }
