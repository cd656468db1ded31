"""What the inventory reads and writes on the wire."""

from collections import Counter
from enum import StrEnum
from typing import Final

from pydantic import Field

from services.contract import MAX_ITEMS, AnswerBody, Id, Item, RequestBody

MAX_ON_HAND: Final = 10**12
"""Far above any warehouse, far below where a 64-bit sum of stock could overflow."""


class Status(StrEnum):
    """Where a reservation stands; `released` is also what a tombstone says."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    EXPIRED = "expired"
    RELEASED = "released"


class ReserveRequest(RequestBody):
    """Units to be held for an order, under an id that the caller chose."""

    id: Id = Field(examples=["b7d0f1b4-2f43-5b1e-8f55-0d5f6f3e8f11"])
    order_id: Id = Field(examples=["6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"])
    items: list[Item] = Field(min_length=1, max_length=MAX_ITEMS)


class StockRequest(RequestBody):
    """How many units lie on the shelf, the reserved ones included."""

    on_hand: int = Field(ge=0, le=MAX_ON_HAND, examples=[100])


class Reservation(AnswerBody):
    """A reservation as it stands. A tombstone has neither order nor items."""

    id: str
    order_id: str | None
    items: list[Item]
    status: Status
    created_at: str
    expires_at: str | None


class Released(AnswerBody):
    """The answer of an undo."""

    id: str
    status: Status


class Stock(AnswerBody):
    """The units of one product: `available` = `onHand` - `reserved`."""

    sku: str
    on_hand: int
    reserved: int
    available: int


class Reservations(AnswerBody):
    """One page, by id. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Reservation]
    next_cursor: str | None


class StockPage(AnswerBody):
    """One page, by sku. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Stock]
    next_cursor: str | None


def units_by_sku(items: list[Item]) -> dict[str, int]:
    """Add up lines that name the same sku, in sku order.

    Every transaction touches stock rows in this one order, so no two can wait for each other.
    """
    units: Counter[str] = Counter()
    for item in items:
        units[item.sku] += item.qty
    return dict(sorted(units.items()))
