"""What the database service reads from the wire."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.web import Identifier, PlainText

# A lease or pause longer than a week is a mistake of units.
LONGEST_PAUSE_S = 7 * 86_400
# Keys may be kept for a year at most: 24 h is usual.
LONGEST_KEY_TTL_S = 366 * 86_400
# Far beyond any real order's number of writes, and inside BIGINT.
LARGEST_VERSION = 2**53

Seconds = Annotated[float, Field(ge=0, le=LONGEST_PAUSE_S)]
KeyTtl = Annotated[float, Field(ge=0, le=LONGEST_KEY_TTL_S)]
JsonObject = dict[str, Any]
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,2000}$")]
"""Why an order wants attention: text for people, lines and all, without NUL."""


class OrderStatus(StrEnum):
    """Where an order is on its way."""

    PENDING = "PENDING"
    COMPENSATING = "COMPENSATING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self not in (OrderStatus.PENDING, OrderStatus.COMPENSATING)


class Wire(BaseModel):
    """A request body: camelCase members, and none that we do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CreateOrder(Wire):
    """An order to be kept, leased to the worker that creates it."""

    id: Identifier
    owner: Identifier
    lease_s: Seconds = Field(alias="leaseS")
    caller: PlainText
    key: Identifier | None
    fingerprint: Identifier
    key_ttl_s: KeyTtl = Field(alias="keyTtlS")
    user_id: PlainText | None = Field(alias="userId")
    order: JsonObject
    progress: JsonObject


class UpdateOrder(Wire):
    """A write that holds only if nobody wrote since `version` and the owner still has the order."""

    owner: Identifier
    version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
    write_id: Identifier = Field(alias="writeId")
    status: OrderStatus
    progress: JsonObject
    attention: Reason | None
    lease_s: Seconds | None = Field(default=None, alias="leaseS")
    release_for_s: Seconds | None = Field(default=None, alias="releaseForS")

    @model_validator(mode="after")
    def _keeps_or_releases(self) -> Self:
        given = [s for s in (self.lease_s, self.release_for_s) if s is not None]
        if len(given) > 1 or (not given and not self.status.final):
            raise ValueError("give exactly one of leaseS (keep the order) and releaseForS (let go)")
        return self


class Claim(Wire):
    """A worker that asks for orders whose lease has run out."""

    owner: Identifier
    lease_s: Seconds = Field(alias="leaseS")
    limit: Annotated[int, Field(ge=1, le=100)]


class Abandon(Wire):
    """A worker that gives up an order before anything was done for it."""

    owner: Identifier
