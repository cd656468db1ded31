"""The customer's and the auditor's view of the running system."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from testbed.audit import Told
from testbed.books import Entry
from testbed.processes import Process
from testbed.stack import Stack

STOCK: Final = {"SKU-1": 100, "SKU-2": 10, "SKU-3": 3}
"""What lies on the shelves before the first order."""

PRICES: Final = {"SKU-1": "499.50", "SKU-2": "120.00", "SKU-3": "1999.00"}

PATIENCE_S: Final = 30.0
"""How long the customer waits for an answer; the replicas' deadline is far shorter."""


@dataclass(frozen=True)
class Request:
    """An order as a customer would place it."""

    sku: str = "SKU-1"
    qty: int = 2
    user: str = "u-1"
    country: str = "IN"
    key: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """As it goes over the wire."""
        address = {
            "line1": "1 Main Street",
            "city": "Pune",
            "country": self.country,
            "postalCode": "411001",
        }
        items = [{"sku": self.sku, "qty": self.qty, "price": PRICES[self.sku]}]
        return {"userId": self.user, "address": address, "currency": "INR", "items": items}

    def __str__(self) -> str:
        key = f', key "{self.key}"' if self.key else ""
        return f"{self.qty} × {self.sku} for {self.user}, to {self.country}{key}"


@dataclass(frozen=True)
class Answer:
    """What the order service said."""

    status: int
    body: Mapping[str, Any]
    replayed: bool
    ms: float

    @property
    def order_id(self) -> str:
        """Of the order it is about, whether it went through or not."""
        return str(self.body.get("id") or self.body.get("orderId"))

    def __str__(self) -> str:
        word = self.body.get("code") or self.body.get("status")
        again = ", Idempotent-Replayed: true" if self.replayed else ""
        return f"{self.status} {word}{again}, order {self.order_id[:8]}, after {self.ms:,.0f} ms"


class Shop:
    """Places orders and looks things up; remembers what customers were told."""

    def __init__(self, stack: Stack, client: httpx.Client) -> None:
        self.stack = stack
        self.told: list[Told] = []
        self._client = client

    def place(self, request: Request, replica: Process) -> Answer:
        """POST /orders.

        Raises:
            httpx.TransportError: No answer came.
        """
        headers = {"X-Idempotency-Key": request.key} if request.key else {}
        began = time.monotonic()
        response = self._client.post(replica.url + "/orders", json=request.body, headers=headers)
        ms = (time.monotonic() - began) * 1000
        replayed = response.headers.get("Idempotent-Replayed") == "true"
        answer = Answer(response.status_code, response.json(), replayed, ms)
        self._remember(request, answer)
        return answer

    def order(self, order_id: str, replica: Process) -> Entry:
        """GET /orders/{id}."""
        order: Entry = self._get(f"{replica.url}/orders/{order_id}")
        return order

    def newest_order(self, replica: Process) -> Entry:
        """The one that was placed last."""
        newest: Entry = self._get(f"{replica.url}/orders?limit=1")["items"][0]
        return newest

    def payments(self, order: Entry) -> list[Entry]:
        """All payments for that order, asked of the payment service."""
        return self._items("payment", f"/payments?orderId={order['id']}")

    def shipments(self, order: Entry) -> list[Entry]:
        """All shipments for that order, asked of the shipping service."""
        return self._items("shipping", f"/shipments?orderId={order['id']}")

    def reservations(self, order: Entry) -> list[Entry]:
        """All reservations for that order, asked of the inventory service."""
        return self._items("inventory", f"/reservations?orderId={order['id']}")

    def available(self, sku: str) -> int:
        """Units for sale, asked of the inventory service."""
        return int(self._get(f"{self.stack.upstream('inventory').url}/stock/{sku}")["available"])

    def _items(self, upstream: str, path: str) -> list[Entry]:
        return list(self._get(self.stack.upstream(upstream).url + path)["items"])

    def _get(self, url: str) -> Any:  # noqa: ANN401 - JSON
        return self._client.get(url).raise_for_status().json()

    def _remember(self, request: Request, answer: Answer) -> None:
        key = f"{request.user} {request.key}" if request.key else None
        code, compensation = answer.body.get("code"), answer.body.get("compensation")
        told = Told(answer.status, answer.order_id, key, code, compensation)
        self.told.append(told)
