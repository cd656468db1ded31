"""The wire form of an order: what is accepted, with a JSON pointer to everything that is not."""

import re
from decimal import Decimal
from typing import Annotated, Final, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from orchestrator.domain import Address, Item, Order, Trace
from orchestrator.errors import FieldError, InvalidRequestError
from orchestrator.iso import COUNTRIES, MINOR_DIGITS
from orchestrator.money import LARGEST_MINOR_UNITS, MoneyError, parse_price, total_of

MOST_ITEMS: Final = 100
"""Lines of one order. A basket has a few; 100 keep its stored record under 10 KB."""

MOST_UNITS: Final = 999_999
"""Units of one line (docs/api.md)."""

_MOST_ERRORS: Final = 100
"""Errors told of one request: enough to mend any honest one."""

_NO_PRECISION: Final = "CLF"
"""With an unknown currency the digits of its prices cannot be judged; this one has the most (4)."""

_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_BLANK: Final = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
ONE_LINE: Final = rf"^[^{_CONTROL}]*[^{_CONTROL}{_BLANK}][^{_CONTROL}]*$"
"""One line of text with something on it; lone surrogates are no text to pydantic either."""

_FORBIDDEN: Final = re.compile(rf"[{_CONTROL}\ud800-\udfff]")
"""Control characters, line and paragraph separators, lone surrogates: none belongs in one line of
text, and some cannot be stored, encoded or logged."""


def _not_one_line(value: object) -> str:
    """Which of the two faults a text has that does not match `ONE_LINE`."""
    if isinstance(value, str) and _FORBIDDEN.search(value):
        return "must not contain control characters"
    return "must not be blank"


def _currency(value: str) -> str:
    if value not in MINOR_DIGITS:
        message = "must be an ISO 4217 currency code such as INR"
        raise ValueError(message)
    return value


def _country(value: str) -> str:
    if value not in COUNTRIES:
        message = "must be an ISO 3166-1 alpha-2 country code such as IN"
        raise ValueError(message)
    return value


def _price(value: object, info: ValidationInfo) -> Decimal:
    return parse_price(value, cast("dict[str, str]", info.context)["currency"])


_Line = Annotated[str, Field(min_length=1, pattern=ONE_LINE)]

_Price = Annotated[
    Decimal,
    PlainValidator(_price),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": LARGEST_MINOR_UNITS},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
            ],
            "description": "at most the currency's own number of decimal digits",
            "examples": ["499.50"],
        }
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AddressIn(_Strict):
    """Where the order goes."""

    line1: Annotated[_Line, Field(max_length=200, examples=["1 MG Road"])]
    city: Annotated[_Line, Field(max_length=100, examples=["Pune"])]
    country: Annotated[
        str,
        AfterValidator(_country),
        Field(examples=["IN"], json_schema_extra={"enum": [*sorted(COUNTRIES)]}),
    ]
    postalCode: Annotated[_Line, Field(max_length=20, examples=["411001"])]  # noqa: N815 - the wire's name


class ItemIn(_Strict):
    """So many units of one article at a price each."""

    sku: Annotated[_Line, Field(max_length=64, examples=["SKU-1"])]
    qty: Annotated[int, Field(ge=1, le=MOST_UNITS, examples=[2])]
    price: _Price


class OrderRequest(_Strict):
    """The body of `POST /orders`."""

    userId: Annotated[_Line, Field(max_length=128, examples=["u-1"])] | None = None  # noqa: N815
    address: AddressIn
    currency: Annotated[
        str,
        AfterValidator(_currency),
        Field(examples=["INR"], json_schema_extra={"enum": [*sorted(MINOR_DIGITS)]}),
    ] = "INR"
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=MOST_ITEMS)]


def parse_order(body: object, *, order_id: str, trace: Trace) -> Order:
    """Make an order of a request's JSON; raises `InvalidRequestError` with every error found."""
    request = _validate(body)
    lines = [(item.qty, item.price) for item in request.items]
    try:
        total = total_of(lines, request.currency)
    except MoneyError as error:
        raise InvalidRequestError([FieldError("/items", str(error))]) from error
    address = request.address
    return Order(
        id=order_id,
        user_id=request.userId,
        address=Address(address.line1, address.city, address.country, address.postalCode),
        currency=request.currency,
        items=tuple(Item(item.sku, item.qty, item.price) for item in request.items),
        total=total,
        trace=trace,
    )


def _validate(body: object) -> OrderRequest:
    currency = body.get("currency", "INR") if isinstance(body, dict) else None
    known = isinstance(currency, str) and currency in MINOR_DIGITS
    try:
        return OrderRequest.model_validate(
            body, context={"currency": currency if known else _NO_PRECISION}
        )
    except ValidationError as error:
        raise InvalidRequestError(field_errors(error)) from error


def field_errors(error: ValidationError) -> list[FieldError]:
    """Every error with its JSON pointer (RFC 6901)."""
    found = error.errors(include_url=False, include_context=False)
    return [
        FieldError(_pointer(problem["loc"]), _sentence(problem)) for problem in found[:_MOST_ERRORS]
    ]


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{_escaped(str(part))}" for part in location)


def _escaped(part: str) -> str:
    """`~` and `/` as RFC 6901 wants them; and never more of a stranger's text than can be read."""
    printable = re.sub(r"[^\x20-\x7e]", "?", part)[:64]
    return printable.replace("~", "~0").replace("/", "~1")


def _sentence(problem: ErrorDetails) -> str:
    match problem["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a member of an order; remove it"
        case "string_pattern_mismatch" | "string_unicode":
            return _not_one_line(problem["input"])
        case _:
            return problem["msg"].removeprefix("Value error, ")
