"""An order and what is known of its way: values that never change, no I/O.

What is made for every order is a named tuple: as fixed as a frozen dataclass, and made in half of
the time.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

from orchestrator.ids import named_id


class OrderStatus(StrEnum):
    """Where an order stands; the last three are final."""

    PENDING = "PENDING"
    COMPENSATING = "COMPENSATING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self not in _UNDER_WAY


_UNDER_WAY: Final = (OrderStatus.PENDING, OrderStatus.COMPENSATING)


@lru_cache(maxsize=1024)  # three an order: more than are in flight, and each is asked for thrice
def resource_id(order_id: str, word: str) -> str:
    """The id of an order's `reservation`, `payment` or `shipment`.

    UUIDv5 of the order id and the word (contract rule 1): a caller that lost an answer still knows
    the name of what it may have created.
    """
    return named_id(order_id, word)


class Address(NamedTuple):
    """Where the order goes; `country` is an ISO 3166-1 alpha-2 code."""

    line1: str
    city: str
    country: str
    postal_code: str


class Item(NamedTuple):
    """`qty` units at `price` each, the price having exactly the currency's digits."""

    sku: str
    qty: int
    price: Decimal


class Trace(NamedTuple):
    """What ties the log lines and upstream calls of one order together."""

    request_id: str
    traceparent: str
    tracestate: str | None = None

    def headers(self) -> dict[str, str]:
        """As they are passed on to every upstream and returned to the client."""
        headers = {"X-Request-Id": self.request_id, "traceparent": self.traceparent}
        if self.tracestate is not None:
            headers["tracestate"] = self.tracestate
        return headers


class Order(NamedTuple):
    """What was ordered; never changes once it is accepted."""

    id: str
    user_id: str | None
    address: Address
    currency: str
    items: tuple[Item, ...]
    total: Decimal
    trace: Trace

    def resource_id(self, word: str) -> str:
        """The id of this order's `reservation`, `payment` or `shipment`."""
        return resource_id(self.id, word)

    @property
    def reservation_id(self) -> str:
        """Name of the stock that is held for this order."""
        return self.resource_id("reservation")

    @property
    def payment_id(self) -> str:
        """Name of the money that is held or taken for this order."""
        return self.resource_id("payment")

    @property
    def shipment_id(self) -> str:
        """Name of the parcel of this order."""
        return self.resource_id("shipment")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an order did not go through, in the words and numbers its client is answered with."""

    status: int
    code: str
    detail: str
    upstream: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    retry_after_s: float | None = None


class Event(NamedTuple):
    """One line of an order's timeline: a step, an undo, or something that happened to the saga.

    `ms` is how long it took, tries and pauses included. `kind` is "act", "undo" or "event".
    """

    at: str
    kind: str
    step: str | None = None
    operation: str | None = None
    outcome: str | None = None
    attempts: int = 0
    ms: float = 0.0
    error: dict[str, Any] | None = None
    note: str | None = None
