"""Section 5 of the protocol, held against the upstreams' books, the wishes, and what was told."""

from collections.abc import Iterator, Mapping

from chaos.evidence import FINAL, Evidence, Order, Violation, entry_of, resource_name
from chaos.shop import Wish
from chaos.told import wrongs_told
from testbed.audit import audit


def judge(evidence: Evidence) -> list[Violation]:
    """All violations found."""
    return [*_of_books(evidence), *_of_wishes(evidence), *wrongs_told(evidence)]


def _of_books(evidence: Evidence) -> Iterator[Violation]:
    """Rules 1, 2, 4 and 5: orders, books and stock, as the testbed's auditor has it."""
    for found in audit(evidence.orders.values(), evidence.books, evidence.stock_before):
        order_id = found.subject if found.subject in evidence.orders else None
        yield Violation(str(found.rule), f"{found.subject}: {found.text}", order_id)


def _of_wishes(evidence: Evidence) -> Iterator[Violation]:
    """Rules 1 and 3: each order is what somebody asked for, and so is what the upstreams have."""
    wishes = evidence.wishes
    for order in evidence.orders.values():
        wanted = wishes.get(order["address"]["line1"])
        if wanted is None:
            yield Violation("3", "nobody placed this order", order["id"])
            continue
        wrongs = _wrong_content(order, wanted)
        if order["status"] == "CONFIRMED":
            wrongs += [f"it can never be: {wanted}"] if wanted.hopeless else []
            wrongs += _wrong_at_upstreams(order, wanted, evidence)
        for wrong in wrongs:
            text = f"{order['status']}, but {wrong}"
            yield Violation("1", text, order["id"], wanted.marker)
        if order["status"] in FINAL and order["attention"] is not None:
            text = f"{order['status']}, but still flagged for attention"
            yield Violation("4", text, order["id"], wanted.marker)


def _wrong_content(order: Order, wanted: Wish) -> list[str]:
    lines = [(item["sku"], item["qty"], item["price"]) for item in order["items"]]
    compared = {
        "userId": (order["userId"], wanted.user),
        "currency": (order["currency"], wanted.currency),
        "total": (order["total"], wanted.total),
        "address": (order["address"], wanted.address),
        "items": (lines, [(line.sku, line.qty, line.price) for line in wanted.lines]),
        "reservationId": (order["reservationId"], resource_name(order["id"], "inventory")),
        "paymentId": (order["paymentId"], resource_name(order["id"], "payment")),
        "shipmentId": (order["shipmentId"], resource_name(order["id"], "shipping")),
    }
    return _differences(compared)


def _wrong_at_upstreams(order: Order, wanted: Wish, evidence: Evidence) -> list[str]:
    """What the auditor cannot know: it takes the order's word for what was wished."""
    compared: dict[str, tuple[object, object]] = {}
    payment = entry_of(evidence.books, "payment", order["id"]) or {}
    compared["amount"] = (payment.get("amount"), wanted.total)
    compared["currency"] = (payment.get("currency"), wanted.currency)
    compared["payer"] = (payment.get("userId"), wanted.user)
    shipment = entry_of(evidence.books, "shipping", order["id"]) or {}
    if "address" in shipment:  # the reference service does not show where it ships to
        compared["destination"] = (shipment["address"], wanted.address)
    return _differences(compared)


def _differences(compared: Mapping[str, tuple[object, object]]) -> list[str]:
    return [
        f"the {name} is {had!r}, not {right!r}"
        for name, (had, right) in compared.items()
        if had != right
    ]
