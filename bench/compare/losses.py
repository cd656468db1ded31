"""What went wrong, in goods and money instead of rules.

The auditor says whether anything did; this says how much. A customer here wants one order and sends
it under one key at most, so what a customer is owed is what one confirmed order comes to.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from bench.compare.records import is_final
from testbed.audit import Violation
from testbed.books import Books, Entry

_NO_MONEY = Decimal("0.00")
_LIVE_SHIPMENT = frozenset({"created", "dispatched"})
_TOLD_WRONG = 6  # the auditor's rule about what clients were told


@dataclass(frozen=True)
class Losses:
    """Sums over the orders of one fault, or of all."""

    charged_twice: Decimal = _NO_MONEY
    """Captured from customers with a confirmed order, beyond what it comes to."""
    charged_for_nothing: Decimal = _NO_MONEY
    """Captured from customers with no confirmed order."""
    unpaid: Decimal = _NO_MONEY
    """What confirmed orders come to, not captured."""
    set_aside: Decimal = _NO_MONEY
    """Authorized, and neither captured nor given back."""
    units_gone: int = 0
    """Sold by the inventory, to no confirmed order."""
    units_held: int = 0
    """Reserved still."""
    parcels_extra: int = 0
    parcels_missing: int = 0
    ordered_twice: int = 0
    """Customers with more than one order."""
    unfinished: int = 0
    told_wrong: int = 0
    """Clients who were told what is not true."""

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def wrongly_charged(self) -> Decimal:
        """Money that customers paid and owe nobody."""
        return self.charged_twice + self.charged_for_nothing

    def phrases(self) -> list[str]:
        """What was lost, the worst first; nothing for what was not."""
        return [
            text
            for value, text in (
                (self.charged_twice, f"charged twice: {self.charged_twice}"),
                (self.charged_for_nothing, f"charged, not confirmed: {self.charged_for_nothing}"),
                (self.unpaid, f"confirmed without payment: {self.unpaid}"),
                (self.set_aside, f"set aside and forgotten: {self.set_aside}"),
                (self.ordered_twice, f"{self.ordered_twice} × two orders under one key"),
                (self.parcels_extra, _plural(self.parcels_extra, "parcel sent in excess")),
                (self.parcels_missing, _plural(self.parcels_missing, "parcel never sent")),
                (self.units_gone, f"stock sold to nobody: {self.units_gone}"),
                (self.units_held, f"stock held until it expires: {self.units_held}"),
                (self.unfinished, _plural(self.unfinished, "order never final")),
                (self.told_wrong, _plural(self.told_wrong, "client told what is not true")),
            )
            if value
        ]


def _plural(number: int, text: str) -> str:
    noun, _, rest = text.partition(" ")
    return f"{number} {noun if number == 1 else noun + 's'} {rest}"


def losses(orders: Sequence[Entry], books: Books, violations: Iterable[Violation]) -> Losses:
    """Weigh what the customers of these orders got against what they paid."""
    customer_of = {order["id"]: order["userId"] for order in orders}
    owed = _owed(orders)

    def sums(
        entries: Mapping[str, Entry], counts: Callable[[Entry], bool], size: Callable[[Entry], int]
    ) -> Counter[str]:
        total: Counter[str] = Counter()
        for entry in entries.values():
            if counts(entry):
                total[customer_of.get(entry["orderId"]) or entry["id"]] += size(entry)
        return total

    paid = _paid(books, customer_of)
    sent = sums(books.shipments, lambda entry: entry["status"] in _LIVE_SHIPMENT, lambda _: 1)
    sold = sums(books.reservations, lambda entry: entry["status"] == "committed", _units)
    held = sums(books.reservations, lambda entry: entry["status"] == "reserved", _units)
    wanted = {order["userId"]: _units(order) for order in orders if order["userId"] in owed}
    customers = {*owed, *paid, *sent, *sold}
    return Losses(
        charged_twice=_sum(paid[who] - owed[who] for who in owed if paid[who] > owed[who]),
        charged_for_nothing=_sum(paid[who] for who in paid if who not in owed),
        unpaid=_sum(owed[who] - paid[who] for who in owed if paid[who] < owed[who]),
        set_aside=_sum(_amounts(books, "authorized")),
        units_gone=sum(max(0, sold[who] - wanted.get(who, 0)) for who in customers),
        units_held=held.total(),
        parcels_extra=sum(max(0, sent[who] - (who in owed)) for who in customers),
        parcels_missing=sum(not sent[who] for who in owed),
        ordered_twice=sum(count > 1 for count in Counter(o["userId"] for o in orders).values()),
        unfinished=sum(not is_final(order) for order in orders),
        told_wrong=sum(violation.rule == _TOLD_WRONG for violation in violations),
    )


def _owed(orders: Iterable[Entry]) -> dict[str, Decimal]:
    """Of each customer with a confirmed order: what one such order comes to."""
    return {o["userId"]: Decimal(o["total"]) for o in orders if o["status"] == "CONFIRMED"}


def _paid(books: Books, customer_of: Mapping[str, str]) -> defaultdict[str, Decimal]:
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in books.payments.values():
        if payment["status"] == "captured":
            who = customer_of.get(payment["orderId"], payment["id"])
            paid[who] += Decimal(payment["amount"])
    return paid


def _amounts(books: Books, status: str) -> Iterable[Decimal]:
    return (Decimal(p["amount"]) for p in books.payments.values() if p["status"] == status)


def _units(entry: Entry) -> int:
    return sum(int(item["qty"]) for item in entry["items"])


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _NO_MONEY)
