"""Section 5 of the protocol, held against our own upstreams' books and against what was told."""

from collections import Counter
from collections.abc import Iterator

from tests.storm.contract import resource_id
from tests.storm.evidence import CONFIRMED, FINAL, LIVE, Evidence, Order, Violation, row_of, states
from tests.storm.peers import units_of
from tests.storm.shop import Wish
from tests.storm.told import wrongs_told


def audit(evidence: Evidence) -> list[Violation]:
    """All violations found."""
    return [
        *_orders(evidence),
        *_leftovers(evidence),
        *_stock(evidence),
        *wrongs_told(evidence),
    ]


def _orders(evidence: Evidence) -> Iterator[Violation]:
    """Rules 1, 2 and 4: each order is final, and its upstreams agree with it."""
    wishes = evidence.wishes
    for order in evidence.orders.values():
        order_id, status = order["id"], order["status"]
        wanted = wishes.get(order["address"]["line1"])
        if wanted is None:
            yield Violation("3", "nobody placed this order", order_id)
            continue
        if status not in FINAL:
            yield Violation("4", f"is {status} still", order_id)
            continue
        wrongs = _wrong_content(order, wanted)
        if status == "CONFIRMED":
            wrongs += _wrong_if_confirmed(order, wanted, evidence)
            rule = "1"
        else:
            wrongs += _wrong_if_failed(order_id, evidence)
            rule = "2"
        for wrong in wrongs:
            yield Violation(rule, f"{status}, but {wrong}", order_id, wanted.marker)


def _wrong_content(order: Order, wanted: Wish) -> list[str]:
    lines = [(item["sku"], item["qty"], item["price"]) for item in order["items"]]
    compared = {
        "userId": (order["userId"], wanted.user),
        "currency": (order["currency"], wanted.currency),
        "total": (order["total"], wanted.total),
        "address": (order["address"], wanted.address),
        "items": (lines, [(line.sku, line.qty, line.price) for line in wanted.lines]),
        "reservationId": (order["reservationId"], resource_id(order["id"], "inventory")),
        "paymentId": (order["paymentId"], resource_id(order["id"], "payment")),
        "shipmentId": (order["shipmentId"], resource_id(order["id"], "shipping")),
    }
    return [
        f"its {name} is {shown!r}, not {right!r}"
        for name, (shown, right) in compared.items()
        if shown != right
    ]


def _wrong_if_confirmed(order: Order, wanted: Wish, evidence: Evidence) -> list[str]:
    had = states(evidence.peers, order["id"])
    wrongs = [f"it can never be: {wanted}"] if wanted.hopeless else []
    wrongs += [
        f"{service} has {had.get(service)}"
        for service, state in CONFIRMED.items()
        if had.get(service) != state
    ]
    if wrongs:
        return wrongs
    rows = {peer.service: row_of(peer, order["id"]) for peer in evidence.peers}
    bodies = {service: (row.body if row else None) or {} for service, row in rows.items()}
    payment, shipping = bodies["payment"], bodies["shipping"]
    compared = {
        "amount": (payment.get("amount"), wanted.total),
        "currency": (payment.get("currency"), wanted.currency),
        "payer": (payment.get("userId"), wanted.user),
        "items reserved": (bodies["inventory"].get("items"), wanted.items),
        "items shipped": (shipping.get("items"), wanted.items),
        "destination": (shipping.get("address"), wanted.address),
    }
    return [
        f"the {name} is {had!r}, not {right!r}"
        for name, (had, right) in compared.items()
        if had != right
    ]


def _wrong_if_failed(order_id: str, evidence: Evidence) -> list[str]:
    return [
        f"{service} has {state}"
        for service, state in states(evidence.peers, order_id).items()
        if state in LIVE[service]
    ]


def _leftovers(evidence: Evidence) -> Iterator[Violation]:
    """Nothing lives at an upstream without a CONFIRMED order of its own, and only one of each."""
    for peer in evidence.peers:
        live = [row for row in peer.rows.values() if row.status in LIVE[peer.service] and row.body]
        owners = Counter(row.body["orderId"] for row in live if row.body)
        for order_id, count in owners.items():
            order = evidence.orders.get(order_id)
            if order is None or order["status"] != "CONFIRMED":
                told = order and order["status"]
                yield Violation("2", f"{peer.service} keeps what is of a {told} order", order_id)
            if count > 1:
                yield Violation("1", f"{peer.service} has {count} of one order", order_id)


def _stock(evidence: Evidence) -> Iterator[Violation]:
    """Rule 5: what is gone from the shelves is what was ordered, and nothing is below zero."""
    sold: Counter[str] = Counter()
    for order in evidence.orders.values():
        if order["status"] == "CONFIRMED":
            sold.update(units_of(order["items"]))
    for sku, shelf in evidence.inventory.shelves.items():
        first = evidence.inventory.at_first[sku]
        if shelf.on_hand + sold[sku] != first or shelf.reserved != 0 or shelf.on_hand < 0:
            text = f"{sku}: {first} at first, {sold[sku]} sold, now {shelf}"
            yield Violation("5", text)
