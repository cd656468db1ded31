"""What the inventory reads and writes on the wire."""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from services.web import PlainText

MAX_QTY: Final = 999_999
"""The most one line may ask for: the order service's own bound."""
MAX_ITEMS: Final = 1_000
"""More lines than any order has; keeps one request's transaction short."""
MAX_ON_HAND: Final = 10**12
"""Far above any warehouse, far below where a 64-bit sum of stock could overflow."""

ID_PATTERN: Final = r"^[A-Za-z0-9._~-]{1,64}$"
"""UUIDs by contract; any name that needs no escaping in a URL is accepted."""

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class Status(StrEnum):
    """Where a reservation stands; `released` is also what a tombstone says."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    EXPIRED = "expired"
    RELEASED = "released"


class _Request(BaseModel):
    """Bodies are taken as they are meant: no unknown members, no numbers in quotes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, populate_by_name=True
    )


class _Answer(BaseModel):
    """Built here under Python names, sent under the wire's."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        """Return it as JSON takes it, under the wire's names."""
        return self.model_dump(mode="json", by_alias=True)


class Item(_Request):
    """So many units of one product."""

    sku: PlainText = Field(examples=["SKU-1"])
    qty: int = Field(ge=1, le=MAX_QTY, examples=[2])


class ReserveRequest(_Request):
    """Units to be held for an order, under an id that the caller chose."""

    id: Id = Field(examples=["b7d0f1b4-2f43-5b1e-8f55-0d5f6f3e8f11"])
    order_id: Id = Field(examples=["6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"])
    items: list[Item] = Field(min_length=1, max_length=MAX_ITEMS)


class StockRequest(_Request):
    """How many units lie on the shelf, the reserved ones included."""

    on_hand: int = Field(ge=0, le=MAX_ON_HAND, examples=[100])


class Reservation(_Answer):
    """A reservation as it stands. A tombstone has neither order nor items."""

    id: str
    order_id: str | None
    items: list[Item]
    status: Status
    created_at: str
    expires_at: str | None


class Released(_Answer):
    """The answer of an undo."""

    id: str
    status: Status


class Stock(_Answer):
    """The units of one product: `available` = `onHand` - `reserved`."""

    sku: str
    on_hand: int
    reserved: int
    available: int


class Reservations(_Answer):
    """One page, by id. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Reservation]
    next_cursor: str | None


class StockPage(_Answer):
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
