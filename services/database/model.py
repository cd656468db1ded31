"""What the database service reads from the wire."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from services.contract import Id
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
    """A request body: camelCase members, none that we do not know, no numbers in quotes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CreateOrder(Wire):
    """An order to be kept, leased to the worker that creates it."""

    id: Id
    owner: Identifier
    lease_s: Seconds = Field(alias="leaseS")
    caller: PlainText
    key: Identifier | None
    fingerprint: Identifier
    key_ttl_s: KeyTtl = Field(alias="keyTtlS")
    user_id: PlainText | None = Field(alias="userId")
    order: JsonObject
    progress: JsonObject


def _given(*names: str) -> dict[str, Any]:
    """Return the JSON schema of an object in which these members are there, and numbers."""
    return {"required": list(names), "properties": {name: {"type": "number"} for name in names}}


class UpdateOrder(Wire):
    """A write that holds only if nobody wrote since `version` and the owner still has the order.

    Of `leaseS` (keep the order) and `releaseForS` (let go) exactly one is given; a final status may
    do without.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "not": _given("leaseS", "releaseForS"),
            "anyOf": [
                {"properties": {"status": {"enum": ["CONFIRMED", "FAILED", "CANCELLED"]}}},
                _given("leaseS"),
                _given("releaseForS"),
            ],
        }
    )

    owner: Identifier
    version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
    write_id: Identifier = Field(alias="writeId")
    # Strict would want the Python object; the text is what the wire has.
    status: Annotated[OrderStatus, Field(strict=False)]
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


class Shown(BaseModel):
    """An answer as the document describes it; `record` renders it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Attention(Shown):
    """Why an order wants a person, and since when."""

    reason: str
    since: str


class Record(Shown):
    """An order as it stands. A final one is nobody's; `order` and `progress` are the caller's."""

    id: str
    caller: str
    fingerprint: str
    user_id: str | None
    status: OrderStatus
    version: int = Field(ge=1, description="grows by one with every write and claim")
    owner: str | None
    rounds: int = Field(ge=0, description="how often it was claimed")
    attention: Attention | None
    created_at: str
    updated_at: str
    age_s: float
    order: JsonObject
    progress: JsonObject


class Records(Shown):
    """What a claim gave."""

    items: list[Record]


class RecordPage(Shown):
    """A page, newest first. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Record]
    next_cursor: str | None


class Abandoned(Shown):
    """The id is dead for good."""

    abandoned: bool


class Stats(Shown):
    """How much is unfinished, how much wants a person, and the age of the oldest of each."""

    unfinished: int
    flagged: int
    oldest_unfinished_age_s: float | None
    oldest_flagged_age_s: float | None
