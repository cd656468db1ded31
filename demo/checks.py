"""Statements about an order that are true or not, asked of the upstreams themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from demo.shop import Answer, Shop
from testbed.books import Entry


@dataclass(frozen=True)
class Check:
    """A statement, and what is so if it does not hold."""

    text: str
    holds: bool
    instead: object = ""

    def __str__(self) -> str:
        return self.text if self.holds else f"{self.text} – no: {self.instead}"


def answered(answer: Answer, status: int, word: str) -> Check:
    """The client was answered this status, with this code or order status."""
    told = answer.body.get("code") or answer.body.get("status")
    is_so = (answer.status, told) == (status, word)
    return Check(f"the customer is told {status} {word}", is_so, answer)


def sold(shop: Shop, order: Entry) -> list[Check]:
    """The order is confirmed: paid once, shipped once, its stock committed once."""
    owed = (order["currency"], order["total"], "captured")
    paid = [(it["currency"], it["amount"], it["status"]) for it in shop.payments(order)]
    shipped = _states(shop.shipments(order))
    taken = _states(shop.reservations(order))
    return [
        Check("the order is CONFIRMED", order["status"] == "CONFIRMED", order["status"]),
        Check(f"one charge, of exactly {order['total']} {order['currency']}", paid == [owed], paid),
        Check("one shipment, one committed reservation", _both(shipped, taken), shipped + taken),
    ]


def undone(shop: Shop, order: Entry, available_before: int) -> list[Check]:
    """The order failed and kept nothing."""
    sku = order["items"][0]["sku"]
    available = shop.available(sku)
    money = _states(shop.payments(order))
    parcels = _states(shop.shipments(order))
    return [
        Check("the order is FAILED", order["status"] == "FAILED", order["status"]),
        Check(
            f"no money is kept ({_list(money)})", not {"authorized", "captured"} & set(money), money
        ),
        Check(f"no shipment goes out ({_list(parcels)})", "created" not in parcels, parcels),
        Check(
            f"all {available} {sku} are for sale", available == available_before, available_before
        ),
    ]


def _states(entries: Sequence[Entry]) -> list[str]:
    return [entry["status"] for entry in entries]


def _both(shipped: list[str], taken: list[str]) -> bool:
    return shipped == ["created"] and taken == ["committed"]


def _list(states: list[str]) -> str:
    return ", ".join(states) or "there never was any"
