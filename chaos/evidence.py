"""Everything there is to judge a run by, when all has come to rest."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chaos.attempt import Attempt, Look
from chaos.shop import Wish
from testbed.books import Books, Entry

Order = Mapping[str, Any]

WORDS: Final = {"inventory": "reservation", "payment": "payment", "shipping": "shipment"}
"""What an order has at each service, by the word that its id is made with."""

LIVE: Final = {
    "inventory": {"reserved", "committed"},
    "payment": {"authorized", "captured"},
    "shipping": {"created", "dispatched"},
}
"""The states in which something is held for an order."""

CONFIRMED: Final = {"inventory": "committed", "payment": "captured", "shipping": "created"}
"""The states of what a CONFIRMED order has."""

FINAL: Final = {"CONFIRMED", "FAILED", "CANCELLED"}


@dataclass(frozen=True)
class Violation:
    """What is not as it must be; `rule` is of section 5, or "API" of the table in section 2."""

    rule: str
    text: str
    order_id: str | None = None
    marker: str | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything there is to judge by; `replays` pairs a repeat with another body under its key."""

    orders: Mapping[str, Order]
    attempts: Sequence[Attempt]
    replays: Sequence[tuple[Attempt, Attempt | None]]
    looks: Sequence[Look]
    books: Books
    stock_before: Mapping[str, int]

    @property
    def wishes(self) -> dict[str, Wish]:
        """By marker."""
        return {attempt.wish.marker: attempt.wish for attempt in self.attempts}

    def is_withdrawn(self, order_id: str) -> bool:
        """Whether it is gone without a trace: no record of it, and nothing was ever sent for it."""
        return order_id not in self.orders and not self._had(order_id)

    def _had(self, order_id: str) -> bool:
        return any(entry_of(self.books, service, order_id) for service in WORDS)


def resource_name(order_id: str, service: str) -> str:
    """The id that the contract gives to what an order has at a service."""
    return str(uuid.uuid5(uuid.UUID(order_id), WORDS[service]))


def entry_of(books: Books, service: str, order_id: str) -> Entry | None:
    """What an order has at a service; its tombstone, too."""
    entries = {
        "inventory": books.reservations,
        "payment": books.payments,
        "shipping": books.shipments,
    }
    return entries[service].get(resource_name(order_id, service))


def by_key(attempts: Sequence[Attempt]) -> dict[tuple[str | None, str], list[Attempt]]:
    """The attempts with a key, by caller and key."""
    groups: dict[tuple[str | None, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.key is not None:
            groups[attempt.wish.user, attempt.key].append(attempt)
    return groups
