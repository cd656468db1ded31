"""What the shipping service reads and writes on the wire."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from services.contract import MAX_ITEMS, AnswerBody, Id, Item, RequestBody
from services.web import PlainText

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Status(StrEnum):
    """Where a shipment stands; `cancelled` is also what a tombstone says."""

    CREATED = "created"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"


class Address(RequestBody):
    """Where the parcel goes."""

    line1: PlainText = Field(examples=["1 Main Street"])
    city: PlainText = Field(examples=["Pune"])
    country: Country = Field(description="ISO 3166-1 alpha-2", examples=["IN"])
    postal_code: PlainText = Field(examples=["411001"])


class ShipmentRequest(RequestBody):
    """A parcel for an order, under an id that the caller chose."""

    id: Id = Field(examples=["3a1f3c55-6a2e-5f57-b1a0-55d0e6b0a7f2"])
    order_id: Id = Field(examples=["6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"])
    address: Address
    items: list[Item] = Field(min_length=1, max_length=MAX_ITEMS)


class Shipment(AnswerBody):
    """A shipment as it stands. A tombstone has neither order nor items nor number."""

    id: str
    order_id: str | None
    items: list[Item]
    status: Status
    tracking_number: str | None
    created_at: str


class Cancelled(AnswerBody):
    """The answer of an undo."""

    id: str
    status: Status


class Shipments(AnswerBody):
    """One page, by id. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Shipment]
    next_cursor: str | None
