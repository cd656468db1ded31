"""Section 5 of the protocol, held against the services' own tables and what clients were told."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from proof.books import Books, Record, Row
from proof.client import Told
from proof.violation import Violation

MINOR_PER_UNIT: Final = 100
"""The orders of the proof are in INR, which has two digits."""

_LIVE: Final = frozenset(
    {"authorized", "captured", "created", "dispatched", "reserved", "committed"}
)
_GONE: Final = frozenset({"FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered: by whom, about which order it was made, what it was told."""

    caller: str
    own_order: str
    told: Told
    record: Record | None
    """The record, at that moment, of the order that the answer speaks of."""


def audit(
    books: Books, stock_before: Mapping[str, int], answered: Sequence[Answered]
) -> Iterator[Violation]:
    """Everything of section 5 that does not hold; nothing is under way any more."""
    for record in books.orders.values():
        if not record.final:
            yield Violation(
                "5.4", _order(record), f"is {record.status}, not final within the bound"
            )
    yield from _confirmed(books)
    yield from _live(books)
    yield from _money(books)
    yield from _stock(books, stock_before)
    yield from _keys(books, answered)
    for answer in answered:
        yield from _truth(books, answer)


def _confirmed(books: Books) -> Iterator[Violation]:
    """Rule 1: everything that a CONFIRMED order must have."""
    payments = {row["id"]: row for row in books.payments}
    shipments = {row["id"]: row for row in books.shipments}
    reservations = {row["id"]: row for row in books.reservations}
    for record in books.orders.values():
        if record.status != "CONFIRMED":
            continue
        payment = payments.get(_name(record, "payment"), {})
        owed = Decimal(record.order["total"]) * MINOR_PER_UNIT
        if payment.get("status") != "captured" or payment.get("amount_minor") != owed:
            yield Violation(
                "5.1", _order(record), f"is CONFIRMED, its payment is {_state(payment)}"
            )
        shipment = shipments.get(_name(record, "shipment"), {})
        if shipment.get("status") not in _LIVE or _units(shipment) != _ordered(record):
            yield Violation(
                "5.1", _order(record), f"is CONFIRMED, its shipment is {_state(shipment)}"
            )
        held = reservations.get(_name(record, "reservation"), {})
        if held.get("status") != "committed" or _units(held) != _ordered(record):
            yield Violation(
                "5.1", _order(record), f"is CONFIRMED, its reservation is {_state(held)}"
            )


def _live(books: Books) -> Iterator[Violation]:
    """Rules 1 and 2: whatever is live belongs to a CONFIRMED order, under the order's own id."""
    for word, rows in (
        ("payment", books.payments),
        ("shipment", books.shipments),
        ("reservation", books.reservations),
    ):
        for row in rows:
            if row["status"] not in _LIVE:
                continue
            record = books.orders.get(row["order_id"])
            if record is None:
                yield Violation("5.2", f"a {word} ({row['status']})", "belongs to no order")
            elif record.status in _GONE:
                text = f"is {record.status}, its {word} is {row['status']}"
                yield Violation("5.2", _order(record), text)
            elif row["id"] != _name(record, word):
                yield Violation("5.1", _order(record), f"has a second {word} ({row['status']})")


def _money(books: Books) -> Iterator[Violation]:
    """Rules 1 and 2: the ledger kept what the CONFIRMED orders come to, and holds nothing."""
    moved: Counter[str] = Counter()
    for line in books.ledger:
        moved[line["movement"]] += line["amount_minor"]
    confirmed = [record for record in books.orders.values() if record.status == "CONFIRMED"]
    due = sum(Decimal(record.order["total"]) * MINOR_PER_UNIT for record in confirmed)
    kept = moved["capture"] - moved["refund"]
    if kept != due:
        yield Violation("5.1", "the ledger", f"kept {kept}, the confirmed orders come to {due}")
    held = moved["authorize"] - moved["void"] - moved["capture"]
    if held and all(record.final for record in books.orders.values()):
        yield Violation("5.2", "the ledger", f"still holds {held} with every order final")


def _stock(books: Books, before: Mapping[str, int]) -> Iterator[Violation]:
    """Rule 5."""
    units = {"committed": Counter[str](), "reserved": Counter[str]()}
    for row in books.reservations:
        if row["status"] in units:
            units[row["status"]] += _units(row)
    for sku, at_first in before.items():
        on_hand, reserved = books.stock.get(sku, (0, 0))
        sold, held = units["committed"][sku], units["reserved"][sku]
        if at_first != on_hand + sold:
            text = f"{at_first} before, but {on_hand} on hand and {sold} sold"
            yield Violation("5.5", sku, text)
        if reserved != held or not 0 <= reserved <= on_hand:
            yield Violation("5.5", sku, f"{reserved} of {on_hand} held, reservations for {held}")


def _keys(books: Books, answered: Sequence[Answered]) -> Iterator[Violation]:
    """Rule 3: every caller of the proof has one key, so at most one order."""
    orders = Counter(record.caller for record in books.orders.values())
    for caller, number in orders.items():
        if number > 1:
            yield Violation("5.3", f"caller {caller}", f"has {number} orders under one key")
    finals: dict[str, Told] = {}
    for answer in answered:
        told = answer.told
        if told.order_id is None or not _is_final(told):
            continue
        first = finals.setdefault(answer.caller, told)
        if (first.status, first.body) != (told.status, told.body):
            text = f"was told {first.status}, then {told.status} under the same key"
            yield Violation("5.3", f"caller {answer.caller}", text)


def _is_final(told: Told) -> bool:
    return (told.body.get("orderStatus") or told.body.get("status")) in {"CONFIRMED", *_GONE}


def _truth(books: Books, answer: Answered) -> Iterator[Violation]:
    """Rule 6."""
    told = answer.told
    record = books.orders.get(told.order_id or answer.own_order)
    status = record.status if record else "no order"
    then = answer.record.status if answer.record else "no order"
    who = f"caller {answer.caller}"
    compensation = told.body.get("compensation")
    if told.status == 201 and {then, status} != {"CONFIRMED"}:  # noqa: PLR2004 - Created
        yield Violation("5.6", who, f"was told 201 when it was {then}; it is {status}")
    elif told.status == 202 and not _pivot_on_record(answer.record):  # noqa: PLR2004 - Accepted
        yield Violation("5.6", who, "was told 202 with no passed pivot on record")
    elif compensation == "completed" and not {then, status} <= _GONE:
        yield Violation("5.6", who, f"was told 'completed' when it was {then}; it is {status}")
    elif compensation == "none" and not {then, status} <= {*_GONE, "no order"}:
        yield Violation("5.6", who, f"was told 'none' when it was {then}; it is {status}")
    elif told.body.get("orderStatus") == "COMPENSATING" and status not in _GONE:
        yield Violation("5.6", who, f"was told that it is rolled back; it is {status}")
    elif told.status >= 500 and compensation is None:  # noqa: PLR2004 - the 5xx class
        yield Violation("5.6", who, f"was told {told.status} and not what became of the order")


def _pivot_on_record(record: Record | None) -> bool:
    return record is not None and (
        record.status == "CONFIRMED" or record.progress.get("pivotPassed") is True
    )


def _name(record: Record, word: str) -> str:
    """Contract rule 1, reckoned anew."""
    return str(uuid5(UUID(record.id), word))


def _order(record: Record) -> str:
    return f"the order of {record.caller}"


def _state(row: Row) -> str:
    return str(row.get("status", "missing"))


def _units(row: Row) -> Counter[str]:
    items: Any = json.loads(row.get("items") or "[]")
    return _sum(items)


def _ordered(record: Record) -> Counter[str]:
    return _sum(record.order["items"])


def _sum(items: Sequence[Row]) -> Counter[str]:
    units: Counter[str] = Counter()
    for item in items:
        units[item["sku"]] += item["qty"]
    return units
