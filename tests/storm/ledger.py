"""What our own upstreams hold, in the form in which the auditor reads the books of any."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from testbed.books import Books
from tests.storm.contract import resource_id
from tests.storm.peer import Peer, Row
from tests.storm.peers import Inventory, Payment, Shipping


def books_of(inventory: Inventory, payment: Payment, shipping: Shipping) -> Books:
    """All of it, nothing being under way."""
    return Books(
        stock={
            sku: {"sku": sku, "onHand": shelf.on_hand, "reserved": shelf.reserved}
            for sku, shelf in inventory.shelves.items()
        },
        reservations=_entries(inventory),
        payments=_entries(payment),
        shipments=_entries(shipping),
        kept=_sums(payment, "captured"),
        held=_sums(payment, "authorized"),
    )


def states(peers: Sequence[Peer], order_id: str) -> dict[str, str]:
    """By service, the states of what the order has there."""
    rows = {peer.service: peer.rows.get(resource_id(order_id, peer.service)) for peer in peers}
    return {service: row.status for service, row in rows.items() if row is not None}


def _entries(peer: Peer) -> dict[str, Mapping[str, Any]]:
    return {row.id: _entry(row) for row in peer.rows.values()}


def _entry(row: Row) -> Mapping[str, Any]:
    body = row.body or {"orderId": None, "items": []}
    return {**body, "id": row.id, "status": row.status}


def _sums(payment: Payment, status: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in payment.rows.values():
        if row.body is not None:
            currency = row.body["currency"]
            amount = Decimal(row.body["amount"]) if row.status == status else Decimal(0)
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums
