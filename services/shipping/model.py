"""What the shipping service reads and writes on the wire."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from services.web import PlainText

MAX_QTY: Final = 999_999
"""The most one line may ask for: the order service's own bound."""
MAX_ITEMS: Final = 1_000
"""More lines than any order has."""

ID_PATTERN: Final = r"^[A-Za-z0-9._~-]{1,64}$"
"""UUIDs by contract; any name that needs no escaping in a URL is accepted."""

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Status(StrEnum):
    """Where a shipment stands; `cancelled` is also what a tombstone says."""

    CREATED = "created"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"


class _Request(BaseModel):
    """Bodies are taken as they are meant: no unknown members, no numbers in quotes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, populate_by_name=True
    )


class Item(_Request):
    """So many units of one product."""

    sku: PlainText = Field(examples=["SKU-1"])
    qty: int = Field(ge=1, le=MAX_QTY, examples=[2])


class Address(_Request):
    """Where the parcel goes."""

    line1: PlainText = Field(examples=["1 Main Street"])
    city: PlainText = Field(examples=["Pune"])
    country: Country = Field(description="ISO 3166-1 alpha-2", examples=["IN"])
    postal_code: PlainText = Field(examples=["411001"])


class ShipmentRequest(_Request):
    """A parcel for an order, under an id that the caller chose."""

    id: Id = Field(examples=["3a1f3c55-6a2e-5f57-b1a0-55d0e6b0a7f2"])
    order_id: Id = Field(examples=["6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"])
    address: Address
    items: list[Item] = Field(min_length=1, max_length=MAX_ITEMS)


class _Answer(BaseModel):
    """Built here under Python names, sent under the wire's."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        """Return it as JSON takes it, under the wire's names."""
        return self.model_dump(mode="json", by_alias=True)


class Shipment(_Answer):
    """A shipment as it stands. A tombstone has neither order nor items nor number."""

    id: str
    order_id: str | None
    items: list[Item]
    status: Status
    tracking_number: str | None
    created_at: str


class Cancelled(_Answer):
    """The answer of an undo."""

    id: str
    status: Status


class Shipments(_Answer):
    """One page, by id. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Shipment]
    next_cursor: str | None
