"""The model's participants answer as the reference services do, whatever they are asked."""

import json
from itertools import product
from typing import Any, Final

import pytest

from orchestrator.saga.table import ORDER_SAGA
from proof.model.books import Participants
from proof.model.rules import ALL_RULES
from proof.model.words import stands, thing
from proof.upstreams import Inventory, Payment, Request, Shipping
from services.inventory.commands import expire_due, put_stock
from services.storage.memory import MemoryTx

LONGEST: Final = 4
"""Requests in a row: create, settle, undo and one repeat; all sequences of them are tried."""

EXPIRE: Final = "(the reservation runs out)"
AN_HOUR_MS: Final = 3_600_000
"""Longer than any reservation lives."""

ADDRESS: Final = {"line1": "1 Main St", "city": "Pune", "country": "IN", "postalCode": "411001"}
ITEMS: Final = [{"sku": "SKU-1", "qty": 1}]
OF_ORDER: Final = {"id": "o-1", "orderId": "o-1"}

CREATES: Final[dict[str, dict[str, Any]]] = {
    "reserve": {**OF_ORDER, "items": ITEMS},
    "authorize": {**OF_ORDER, "userId": "u-1", "amount": "999.00", "currency": "INR"},
    "ship": {**OF_ORDER, "address": ADDRESS, "items": ITEMS},
}
PATHS: Final = {
    "reserve": "/reserve",
    "commit": "/reservations/o-1/commit",
    "release": "/reservations/o-1/release",
    "authorize": "/payments",
    "capture": "/payments/o-1/capture",
    "refund": "/payments/o-1/refund",
    "ship": "/shipments",
    "cancel": "/shipments/o-1/cancel",
}
SERVICES: Final = {"inventory": Inventory, "payment": Payment, "shipping": Shipping}
TABLES: Final = {
    "inventory": "inventory_reservations",
    "payment": "payment_payments",
    "shipping": "shipping_shipments",
}

Seen = tuple[str, bool, str, tuple[int, int]]
"""A request, whether it was done, how its thing then stands, units on hand and reserved."""

PARTICIPANTS: Final = Participants(ORDER_SAGA, ALL_RULES)
CALLS: Final = {call.name: call for call in PARTICIPANTS.calls}


def _modelled(requests: tuple[str, ...]) -> list[Seen]:
    books, seen = PARTICIPANTS.untouched(), list[Seen]()
    for name in requests:
        upstream, done = "inventory", True
        if name == EXPIRE:
            books = PARTICIPANTS.with_reservation_expired(books)
        else:
            upstream = CALLS[name].upstream
            books, done = PARTICIPANTS.apply(CALLS[name], books)
        held = books.held[PARTICIPANTS.place_of(upstream)]
        shelf = (books.on_hand, books.reserved) if upstream == "inventory" else (0, 0)
        seen.append((name, done, stands(upstream, held), shelf))
    return seen


class Reference:
    """A reference service on a clock of its own, as new for every sequence of requests."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.now_ms = 0
        self.service = SERVICES[upstream](lambda: self.now_ms)

    def ask(self, requests: tuple[str, ...]) -> list[Seen]:
        """What comes of the requests, one after the other."""
        self.service.storage.forget()
        if self.upstream == "inventory":
            self.service.storage.do(lambda tx: put_stock(tx, "SKU-1", 1))
        return [(name, self._is_done(name), *self._state()) for name in requests]

    def _is_done(self, name: str) -> bool:
        if name == EXPIRE:
            self.now_ms += AN_HOUR_MS
            self.service.storage.do(lambda tx: expire_due(tx, limit=1, locked=""))
            return True
        content = json.dumps(CREATES.get(name, {})).encode()
        headers = {"X-Idempotency-Key": f"o-1:{name}"}
        return self.service.answer(Request("POST", PATHS[name], headers, content)).status < 300

    def _state(self) -> tuple[str, tuple[int, int]]:
        rows = self.service.storage.look(self._rows)
        word = rows[0]["status"] if rows else "unknown"
        shelf = (0, 0)
        if self.upstream == "inventory":
            (stock,) = self.service.storage.look(lambda tx: tx.execute(_STOCK))
            shelf = (stock["on_hand"], stock["reserved"])
        return f"the {thing(self.upstream)} is {word}", shelf

    def _rows(self, tx: MemoryTx) -> list[dict[str, Any]]:
        return tx.execute(f"SELECT status FROM {TABLES[self.upstream]}")  # noqa: S608 - a constant


_STOCK: Final = "SELECT on_hand, reserved FROM inventory_stock"


@pytest.mark.parametrize("upstream", SERVICES)
def test_they_answer_alike(upstream: str) -> None:
    """Every sequence of requests gets the same answers and leaves the same behind."""
    requests = [name for name, call in CALLS.items() if call.upstream == upstream]
    if upstream == "inventory":
        requests.append(EXPIRE)
    reference = Reference(upstream)

    for sequence in product(requests, repeat=LONGEST):
        assert reference.ask(sequence) == _modelled(sequence)
