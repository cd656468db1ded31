"""What inventory, payment and shipping have in common on the wire, by their contract.

How each makes and undoes what it keeps is its own.
"""

from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from services.answers import Answer
from services.web import PlainText, respond

MAX_QTY: Final = 999_999
"""The most one line may ask for: the order service's own bound."""
MAX_ITEMS: Final = 1_000
"""More lines than any order has; keeps one request's transaction short."""

ID_PATTERN: Final = r"^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}$"
"""UUIDs by contract; any name is accepted that needs no escaping in a URL, and that no client takes
for a step on the path (`.` and `..`)."""

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]

OrderId = Annotated[str | None, Query(alias="orderId", pattern=ID_PATTERN)]
Cursor = Annotated[PlainText | None, Query(description="`nextCursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]

INVALID: Final[dict[int | str, dict[str, Any]]] = {
    422: {"description": "validation_failed (with a JSON pointer to each fault)"}
}
"""The documented refusals of a request without a key."""
KEYED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "malformed_json; invalid_idempotency_key"},
    422: {"description": "validation_failed; idempotency_key_reused (the key came with another)"},
}
"""The documented refusals of a request that takes a key."""
KEY_PARAMETER: Final = {
    "parameters": [
        {
            "name": "X-Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            "description": "Names the request: a repeat gets the same answer. "
            "Default: the id and the operation.",
        }
    ]
}
"""The documented key, for a route's `openapi_extra`."""


class RequestBody(BaseModel):
    """Bodies are taken as they are meant: no unknown members, no numbers in quotes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, populate_by_name=True
    )


class AnswerBody(BaseModel):
    """Built here under Python names, sent under the wire's."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        """Return it as JSON takes it, under the wire's names."""
        return self.model_dump(mode="json", by_alias=True)


class Item(RequestBody):
    """So many units of one product."""

    sku: PlainText = Field(examples=["SKU-1"])
    qty: int = Field(ge=1, le=MAX_QTY, examples=[2])


def found(body: dict[str, Any]) -> Response:
    """Return what was read as a response."""
    return respond(Answer(200, body))
