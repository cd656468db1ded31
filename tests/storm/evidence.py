"""Everything there is to judge a storm by, when all has come to rest."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.storm.attempt import Attempt, Look
from tests.storm.contract import resource_id
from tests.storm.peer import Peer, Row
from tests.storm.peers import Inventory, Payment, Shipping
from tests.storm.shop import Wish

Order = Mapping[str, Any]

LIVE: Final = {
    "inventory": {"reserved", "committed"},
    "payment": {"authorized", "captured"},
    "shipping": {"created"},
}
"""The states in which something is held for an order."""

CONFIRMED: Final = {"inventory": "committed", "payment": "captured", "shipping": "created"}
"""The states of what a CONFIRMED order has."""

FINAL: Final = {"CONFIRMED", "FAILED", "CANCELLED"}


@dataclass(frozen=True)
class Violation:
    """What is not as it must be; `rule` is of section 5 (or 2, of the API's table)."""

    rule: str
    text: str
    order_id: str | None = None
    marker: str | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything there is to judge by, when all has come to rest."""

    orders: Mapping[str, Order]
    attempts: Sequence[Attempt]
    replays: Sequence[tuple[Attempt, Attempt | None]]
    looks: Sequence[Look]
    inventory: Inventory
    payment: Payment
    shipping: Shipping

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The three upstreams."""
        return (self.inventory, self.payment, self.shipping)

    @property
    def wishes(self) -> dict[str, Wish]:
        """By marker."""
        return {attempt.wish.marker: attempt.wish for attempt in self.attempts}

    def is_withdrawn(self, order_id: str) -> bool:
        """Whether it is gone without a trace: no record of it, and nothing was ever sent for it."""
        return order_id not in self.orders and not states(self.peers, order_id)


def row_of(peer: Peer, order_id: str) -> Row | None:
    """What an order has at an upstream; its tombstone, too."""
    return peer.rows.get(resource_id(order_id, peer.service))


def states(peers: Sequence[Peer], order_id: str) -> dict[str, str]:
    """By service, the states of what the order has there."""
    rows = {peer.service: row_of(peer, order_id) for peer in peers}
    return {service: row.status for service, row in rows.items() if row is not None}


def by_key(attempts: Sequence[Attempt]) -> dict[tuple[str | None, str], list[Attempt]]:
    """The attempts with a key, by caller and key."""
    groups: dict[tuple[str | None, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.key is not None:
            groups[attempt.wish.user, attempt.key].append(attempt)
    return groups
