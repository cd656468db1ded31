"""Orders as the database service keeps them, in the words in which the auditor wants them.

All orchestrators keep their orders there, so all are read the same way. The auditor knows an
order's payment, shipment and reservation by ids made from the order's. An orchestrator may choose
others, if its order names them: `renamed` then gives those entries the names that the auditor looks
for. Whatever an order does not name keeps its own, and the auditor finds it in excess.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import httpx

from testbed.audit import resource_id
from testbed.books import Books, Entry

_PAGE: Final = 100
"""The longest page there is: far more orders than one fault befalls."""

_FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})


def newest_orders(http: httpx.Client, database_url: str) -> list[Entry]:
    """The newest orders, each with its status, its times and, if it says so, what it is made of."""
    answer = http.get(f"{database_url}/orders", params={"limit": _PAGE})
    return [_entry(record) for record in answer.raise_for_status().json()["items"]]


def is_final(order: Entry) -> bool:
    """Whether nothing will change any more."""
    return order["status"] in _FINAL


def final_after_s(order: Entry) -> float:
    """How long it took from the order's creation to its last write, by the database's clock."""
    return _moment(order["updatedAt"]) - _moment(order["createdAt"])


def written_at(order: Entry) -> float:
    """The moment of its last write, in epoch seconds."""
    return _moment(order["updatedAt"])


def renamed(books: Books, orders: Iterable[Entry]) -> Books:
    """The books with every entry that an order names under the name the auditor looks for."""
    names = {
        order[f"{word}Id"]: resource_id(order, word)
        for order in orders
        for word in ("reservation", "payment", "shipment")
        if f"{word}Id" in order
    }
    return replace(
        books,
        reservations=_rename(books.reservations, names),
        payments=_rename(books.payments, names),
        shipments=_rename(books.shipments, names),
    )


def _rename(entries: Mapping[str, Entry], names: Mapping[str, str]) -> dict[str, Entry]:
    new = ({**entry, "id": names.get(name, name)} for name, entry in entries.items())
    return {entry["id"]: entry for entry in new}


def _entry(record: Mapping[str, Any]) -> Entry:
    named = ("reservationId", "paymentId", "shipmentId")
    made_of = {name: record["progress"][name] for name in named if name in record["progress"]}
    head = {name: record[name] for name in ("id", "status", "createdAt", "updatedAt")}
    return {**record["order"], **made_of, **head}


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
