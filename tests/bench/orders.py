"""Orders and books by hand: one order that went well, to be spoilt one thing at a time."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from testbed.audit import resource_id
from testbed.books import Books, Entry

ORDER_ID = "00000000-0000-4000-8000-000000000001"
ITEMS = [{"sku": "S", "qty": 1}]
STOCK = {"S": 10}


def order(order_id: str = ORDER_ID, **changes: Any) -> Entry:  # noqa: ANN401 - any JSON value
    """A confirmed order of one unit for 499.00."""
    plain = {"id": order_id, "userId": "u", "status": "CONFIRMED", "total": "499.00"}
    return plain | {"currency": "INR", "items": ITEMS} | changes


def entry(name: str, status: str, order_id: str = ORDER_ID) -> Entry:
    """A payment, shipment or reservation; it bears what any of them does."""
    plain = {"id": name, "orderId": order_id, "status": status, "items": ITEMS}
    return plain | {"amount": "499.00", "currency": "INR"}


def books(
    reservation: str | None = "committed",
    payment: str | None = "captured",
    shipment: str | None = "created",
    *extra: tuple[str, Entry],
) -> Books:
    """What the upstreams hold of the order, and further entries under "payments" and so on."""
    kinds: dict[str, dict[str, Entry]] = {"reservations": {}, "payments": {}, "shipments": {}}
    for word, status in (
        ("reservation", reservation),
        ("payment", payment),
        ("shipment", shipment),
    ):
        if status is not None:
            found = entry(resource_id(order(), word), status)
            kinds[f"{word}s"][found["id"]] = found
    for kind, found in extra:
        kinds[kind][found["id"]] = found
    return _with_sums(Books(stock={}, kept={}, held={}, **kinds))


def _with_sums(plain: Books) -> Books:
    held, sold = (_count(plain.reservations, status) for status in ("reserved", "committed"))
    line = {"sku": "S", "onHand": STOCK["S"] - sold, "reserved": held}
    captured, authorized = (_count(plain.payments, s) for s in ("captured", "authorized"))
    price = Decimal("499.00")
    return replace(
        plain,
        stock={"S": line},
        kept={"INR": captured * price},
        held={"INR": authorized * price},
    )


def _count(entries: Mapping[str, Entry], status: str) -> int:
    return sum(found["status"] == status for found in entries.values())
