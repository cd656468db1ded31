"""Section 5 of the protocol, checked from the upstreams' own books.

It knows nothing of how the order service works: it takes the orders, the books, what was on the
shelves before and what the clients were told, and says what does not agree.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from testbed.books import Books, Entry

_CREATED = 201
_FINAL = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})

_LIVE_PAYMENT = frozenset({"authorized", "captured"})
_LIVE_SHIPMENT = frozenset({"created", "dispatched"})
_LIVE_RESERVATION = frozenset({"reserved", "committed"})


@dataclass(frozen=True)
class Violation:
    """One thing that does not hold."""

    rule: int
    """Which of section 5, 1–6."""
    subject: str
    """The order, sku or key it is about."""
    text: str

    def __str__(self) -> str:
        return f"rule {self.rule}: {self.subject}: {self.text}"


@dataclass(frozen=True)
class Told:
    """What one request was answered."""

    status: int
    order_id: str | None
    key: str | None = None
    code: str | None = None
    """Of a failure: its stable word."""
    compensation: str | None = None
    """Of a failure: "completed", "pending" or "none"."""


def audit(
    orders: Iterable[Entry],
    books: Books,
    stock_before: Mapping[str, int],
    told: Sequence[Told] = (),
) -> list[Violation]:
    """Everything in section 5 that does not hold; an empty list when all does.

    Args:
        orders: All orders there are, as the order service shows them.
        books: What the upstreams hold now, nothing being under way.
        stock_before: Units on hand by sku before the first order.
        told: The answers of all requests, for the rules on keys and on what clients were told.
    """
    by_id = {order["id"]: order for order in orders}
    found = [violation for order in by_id.values() for violation in _order(order, books)]
    found += _belongings(by_id, books)
    found += _stock(books, stock_before)
    found += _money(by_id, books)
    found += _keys(told)
    found += _answers(by_id, told)
    return found


def _order(order: Entry, books: Books) -> Iterator[Violation]:
    status = order["status"]
    if status == "CONFIRMED":
        yield from _confirmed(order, books)
    elif status in _FINAL:
        yield from _failed(order, books)
    else:
        yield Violation(4, order["id"], f"is {status}: not final")


def _confirmed(order: Entry, books: Books) -> Iterator[Violation]:
    payment = books.payments.get(resource_id(order, "payment"), {})
    paid = (payment.get("status"), payment.get("amount"), payment.get("currency"))
    if paid != ("captured", order["total"], order["currency"]):
        owed = f"{order['total']} {order['currency']}"
        yield Violation(1, order["id"], f"is CONFIRMED over {owed}, its payment is {paid}")

    shipment = books.shipments.get(resource_id(order, "shipment"), {})
    if shipment.get("status") not in _LIVE_SHIPMENT:
        yield Violation(1, order["id"], f"is CONFIRMED, its shipment is {shipment.get('status')}")
    elif _units(shipment) != _units(order):
        yield Violation(1, order["id"], "is CONFIRMED, its shipment has other items")

    reservation = books.reservations.get(resource_id(order, "reservation"), {})
    if reservation.get("status") != "committed":
        yield Violation(
            1, order["id"], f"is CONFIRMED, its reservation is {reservation.get('status')}"
        )
    elif _units(reservation) != _units(order):
        yield Violation(1, order["id"], "is CONFIRMED, its reservation has other items")


def _failed(order: Entry, books: Books) -> Iterator[Violation]:
    for word, entries, live in _kinds(books):
        status = entries.get(resource_id(order, word), {}).get("status")
        if status in live:
            yield Violation(2, order["id"], f"is {order['status']}, its {word} is {status}")


def _belongings(by_id: Mapping[str, Entry], books: Books) -> Iterator[Violation]:
    """Whatever is live belongs to an order, and bears the one id that the order gives it."""
    for word, entries, live in _kinds(books):
        for entry in entries.values():
            if entry["status"] not in live:
                continue
            order = by_id.get(entry["orderId"])
            if order is None:
                yield Violation(1, f"{word} {entry['id']}", "belongs to no order")
            elif entry["id"] != resource_id(order, word):
                yield Violation(1, order["id"], f"has a second {word}, {entry['id']}")


def _stock(books: Books, stock_before: Mapping[str, int]) -> Iterator[Violation]:
    committed = _units_in(books, "committed")
    reserved = _units_in(books, "reserved")
    for sku in stock_before.keys() | books.stock.keys():
        line = books.stock.get(sku, {"onHand": 0, "reserved": 0})
        before, now, sold = stock_before.get(sku, 0), line["onHand"], committed[sku]
        if before != now + sold:
            yield Violation(5, sku, f"{before} before, but {now} on hand and {sold} sold")
        if line["reserved"] != reserved[sku]:
            text = f"{line['reserved']} held, but reservations for {reserved[sku]}"
            yield Violation(5, sku, text)
        if not 0 <= line["reserved"] <= now:
            yield Violation(5, sku, f"{line['reserved']} held of {now} on hand: sold twice")


def _money(by_id: Mapping[str, Entry], books: Books) -> Iterator[Violation]:
    due: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in by_id.values():
        if order["status"] == "CONFIRMED":
            due[order["currency"]] += Decimal(order["total"])
    for currency in due.keys() | books.kept.keys():
        kept = books.kept.get(currency, Decimal(0))
        if kept != due[currency]:
            text = f"the ledger kept {kept}, the confirmed orders come to {due[currency]}"
            yield Violation(1, currency, text)
    all_final = all(order["status"] in _FINAL for order in by_id.values())
    for currency, held in books.held.items():
        if all_final and held:
            yield Violation(2, currency, f"{held} are still set aside, with every order final")


def _keys(told: Sequence[Told]) -> Iterator[Violation]:
    orders_of_key: defaultdict[str, set[str]] = defaultdict(set)
    requests_of_order: Counter[str] = Counter()
    for answer in told:
        if answer.order_id is None or answer.code == "idempotency_key_reused":
            continue
        if answer.key is None:
            requests_of_order[answer.order_id] += 1
        else:
            orders_of_key[answer.key].add(answer.order_id)
    for key, ids in orders_of_key.items():
        if len(ids) > 1:
            yield Violation(3, f"key {key}", f"made {len(ids)} orders: {', '.join(sorted(ids))}")
    for order_id, requests in requests_of_order.items():
        if requests > 1:
            yield Violation(3, order_id, f"was the answer to {requests} requests without a key")


def _answers(by_id: Mapping[str, Entry], told: Sequence[Told]) -> Iterator[Violation]:
    for answer in told:
        if answer.order_id is None:
            continue
        status = by_id.get(answer.order_id, {"status": "unknown"})["status"]
        if answer.status == _CREATED and status != "CONFIRMED":
            yield Violation(6, answer.order_id, f"was told 201, and is {status}")
        if answer.compensation == "completed" and status not in {"FAILED", "CANCELLED"}:
            yield Violation(6, answer.order_id, f"was told it failed, and is {status}")


def _kinds(books: Books) -> tuple[tuple[str, Mapping[str, Entry], frozenset[str]], ...]:
    """Name, entries and live states of what an order may have upstream."""
    return (
        ("payment", books.payments, _LIVE_PAYMENT),
        ("shipment", books.shipments, _LIVE_SHIPMENT),
        ("reservation", books.reservations, _LIVE_RESERVATION),
    )


def resource_id(order: Entry, word: str) -> str:
    """The one id of an order's reservation, payment or shipment."""
    return str(uuid.uuid5(uuid.UUID(order["id"]), word))


def _units(entry: Entry) -> Counter[str]:
    units: Counter[str] = Counter()
    for item in entry["items"]:
        units[item["sku"]] += item["qty"]
    return units


def _units_in(books: Books, status: str) -> Counter[str]:
    entries = (entry for entry in books.reservations.values() if entry["status"] == status)
    return sum((_units(entry) for entry in entries), Counter[str]())
