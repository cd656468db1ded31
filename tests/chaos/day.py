"""A small day without chaos: orders, books and answers that are in order, for doctoring."""

import uuid
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from chaos.attempt import Attempt, Look
from chaos.evidence import Evidence, Violation, entry_of, resource_name
from chaos.shop import DECLINED_USER, Line, Wish
from chaos.verdict import judge
from testbed.books import Books

STOCK: Final = 10
_MOMENT: Final = "2026-01-02T03:04:05.678Z"
_DONE: Final = {"inventory": "committed", "payment": "captured", "shipping": "created"}
_UNDONE: Final = {"inventory": "released", "payment": "voided", "shipping": "cancelled"}


class Day:
    """A good order and a declined one, with a replay of each, and a good one without a key."""

    def __init__(self) -> None:
        self.stock: dict[str, dict[str, Any]] = {
            "SKU-1": {"sku": "SKU-1", "onHand": STOCK, "reserved": 0}
        }
        self.entries: dict[str, dict[str, dict[str, Any]]] = {service: {} for service in _DONE}
        self.kept = {"INR": Decimal(0)}
        self.orders: dict[str, dict[str, Any]] = {}
        self.attempts: list[Attempt] = []
        self.replays: list[tuple[Attempt, Attempt | None]] = []
        self.looks: list[Look] = []
        self.good = self._confirmed(key="k-1")
        self.bad = self._declined(key="k-2")
        self.unkeyed = self._confirmed(key=None)
        self._replay(self.good)
        self._replay(self.bad)

    @property
    def evidence(self) -> Evidence:
        """As it stands now."""
        books = Books(
            stock=self.stock,
            reservations=self.entries["inventory"],
            payments=self.entries["payment"],
            shipments=self.entries["shipping"],
            kept=self.kept,
            held={"INR": Decimal(0)},
        )
        looks, stock_before = self.looks, {"SKU-1": STOCK}
        return Evidence(self.orders, self.attempts, self.replays, looks, books, stock_before)

    @property
    def violations(self) -> list[Violation]:
        """What is found of it."""
        return judge(self.evidence)

    def rules_broken(self) -> set[str]:
        """By what is found of it."""
        return {violation.rule for violation in self.violations}

    def order_of(self, attempt: Attempt) -> dict[str, Any]:
        """What it was told of."""
        return self.orders[str(attempt.order_id)]

    def entry(self, service: str, attempt: Attempt) -> dict[str, Any]:
        """What its order has at a service."""
        found = entry_of(self.evidence.books, service, str(attempt.order_id))
        assert isinstance(found, dict)
        return found

    def tell(self, attempt: Attempt, **changed: object) -> Attempt:
        """One more answer like this one, but for what is `changed` in its document."""
        told = replace(attempt, document={**attempt.document, **changed})
        self.attempts.append(told)
        return told

    def _confirmed(self, key: str | None) -> Attempt:
        order = self._place("CONFIRMED", "u-1", _DONE)
        self.stock["SKU-1"]["onHand"] -= 2
        self.kept["INR"] += Decimal(order["total"])
        self.looks.append(Look(order["id"], dict(order)))
        attempt = self._attempt(order, key)
        attempt.status, attempt.document = int(HTTPStatus.CREATED), dict(order)
        return attempt

    def _declined(self, key: str) -> Attempt:
        order = self._place("FAILED", f"{DECLINED_USER}-1", _UNDONE)
        attempt = self._attempt(order, key)
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
        return attempt

    def _place(self, status: str, user: str, states: dict[str, str]) -> dict[str, Any]:
        number = len(self.orders) + 1
        order_id = str(uuid.UUID(int=number, version=4))
        wanted = Wish(f"quiet {number}", user, "IN", "INR", (Line("SKU-1", 2, "499.50"),))
        names = {service: resource_name(order_id, service) for service in states}
        order = {
            "id": order_id,
            "status": status,
            "userId": user,
            "address": wanted.address,
            "currency": wanted.currency,
            "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}],
            "total": wanted.total,
            "reservationId": names["inventory"],
            "paymentId": names["payment"],
            "shipmentId": names["shipping"],
            "createdAt": _MOMENT,
            "updatedAt": _MOMENT,
            "timeline": [],
            "failure": None,
            "attention": None,
        }
        money = {"userId": user, "amount": wanted.total, "currency": "INR"}
        for service, state in states.items():
            entry = {"id": names[service], "orderId": order_id, "status": state}
            more = money if service == "payment" else {"items": wanted.items}
            self.entries[service][names[service]] = entry | more
        self.orders[order_id] = order
        self._wish = wanted
        return order

    def _attempt(self, order: dict[str, Any], key: str | None) -> Attempt:
        attempt = Attempt(self._wish, key, "replica-1", began=1.0, ended=2.0)
        attempt.headers = {"location": f"/orders/{order['id']}"}
        attempt.books = {
            service: self.entries[service][resource_name(order["id"], service)]["status"]
            for service in self.entries
        }
        self.attempts.append(attempt)
        return attempt

    def _replay(self, attempt: Attempt) -> None:
        headers = {**attempt.headers, "idempotent-replayed": "true"}
        again = replace(attempt, headers=headers, document={**attempt.document})
        again.began, again.ended = 9.0, 9.1
        self.attempts.append(again)
        self.replays.append((again, None))
