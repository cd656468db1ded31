"""Inventory, payment and shipping of our own."""

from collections import Counter
from dataclasses import dataclass

from chaos.shop import DECLINED_USER, UNSERVED_COUNTRY
from tests.storm.contract import Journal
from tests.storm.peer import Asked, Body, Peer, Row, problem
from tests.storm.weather import Weather
from tests.storm.wire import Reply


@dataclass
class Shelf:
    """Units of one sku: those in the house, and those of them that are promised."""

    on_hand: int
    reserved: int = 0


class Inventory(Peer):
    """Stock and reservations."""

    service = "inventory"
    routes = (
        (r"/reserve", "reserve"),
        (r"/reservations/([^/]+)/commit", "commit"),
        (r"/reservations/([^/]+)/release", "release"),
    )
    undone = frozenset({"released"})

    def __init__(self, journal: Journal, weather: Weather, stock: dict[str, int]) -> None:
        super().__init__(journal, weather)
        self.at_first = dict(stock)
        self.shelves = {sku: Shelf(units) for sku, units in stock.items()}

    def create(self, asked: Asked) -> Reply:
        """Promise all units or none."""
        wanted = units_of(asked.body["items"])
        unknown = [sku for sku in wanted if sku not in self.shelves]
        if unknown:
            listed = [{"sku": sku, "requested": wanted[sku], "available": 0} for sku in unknown]
            return problem(409, "unknown_sku", shortages=listed)
        short = [
            {"sku": sku, "requested": units, "available": self._available(sku)}
            for sku, units in wanted.items()
            if units > self._available(sku)
        ]
        if short:
            return problem(409, "out_of_stock", shortages=short)
        for sku, units in wanted.items():
            self.shelves[sku].reserved += units
        return self.keep(asked, "reserved", expiresAt="2099-01-01T00:00:00Z")

    def advance(self, row: Row) -> Reply:
        """Take the units off the shelf."""
        if row.status != "reserved":
            return problem(409, "released")
        for sku, units in self._units(row).items():
            self.shelves[sku].on_hand -= units
            self.shelves[sku].reserved -= units
        row.status = "committed"
        return Reply.of(200, {**(row.body or {}), "status": row.status})

    def undo(self, row: Row) -> None:
        """Back on the shelf, from whatever state."""
        for sku, units in self._units(row).items():
            if row.status == "committed":
                self.shelves[sku].on_hand += units
            elif row.status == "reserved":
                self.shelves[sku].reserved -= units
        row.status = "released"

    def _available(self, sku: str) -> int:
        return self.shelves[sku].on_hand - self.shelves[sku].reserved

    def _units(self, row: Row) -> Counter[str]:
        return units_of(row.body["items"]) if row.body else Counter()


class Payment(Peer):
    """Money, held or taken."""

    service = "payment"
    routes = (
        (r"/payments", "authorize"),
        (r"/payments/([^/]+)/capture", "capture"),
        (r"/payments/([^/]+)/refund", "refund"),
    )
    undone = frozenset({"voided", "refunded"})

    def create(self, asked: Asked) -> Reply:
        """Hold the money, unless the user has none."""
        if str(asked.body["userId"]).startswith(DECLINED_USER):
            return problem(402, "payment_declined")
        return self.keep(asked, "authorized")

    def advance(self, row: Row) -> Reply:
        """Take it."""
        if row.status != "authorized":
            return problem(409, row.status)
        row.status = "captured"
        return Reply.of(200, {**(row.body or {}), "status": row.status})

    def undo(self, row: Row) -> None:
        """Give it back."""
        if row.status not in self.undone:
            row.status = "refunded" if row.status == "captured" else "voided"


class Shipping(Peer):
    """Parcels."""

    service = "shipping"
    routes = (
        (r"/shipments", "ship"),
        (r"/shipments/([^/]+)/cancel", "cancel"),
    )
    undone = frozenset({"cancelled"})

    def create(self, asked: Asked) -> Reply:
        """Create the parcel, unless nobody goes there."""
        if asked.body["address"]["country"] == UNSERVED_COUNTRY:
            return problem(422, "address_not_served")
        return self.keep(asked, "created", trackingNumber=f"T-{asked.target[:8]}")

    def advance(self, row: Row) -> Reply:
        """Shipping has no such call."""
        raise AssertionError(row)

    def undo(self, row: Row) -> None:
        """Call it off."""
        row.status = "cancelled"


def units_of(items: list[Body]) -> Counter[str]:
    """Units by sku; one sku may stand in several lines."""
    units: Counter[str] = Counter()
    for item in items:
        units[item["sku"]] += item["qty"]
    return units
