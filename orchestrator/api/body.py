"""The bytes of a request become JSON: bounded, UTF-8, numbers exact."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from orchestrator.errors import BodyTooLargeError, MalformedBodyError

_LONGEST_INTEGER: Final = 20
"""Digits of an integer that is read as one; a longer one is no quantity and no price, and making an
int of a million digits takes minutes."""


def parse_json(content: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Like `json.loads`, but UTF-8 only and without binary floats.

    NaN and Infinity are let through as decimals, so that validation can point at them. Raises
    `MalformedBodyError` for what is not JSON.
    """
    try:
        return _DECODER.decode(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        message = "the body is not UTF-8; send JSON encoded as UTF-8"
        raise MalformedBodyError(message) from error
    except json.JSONDecodeError as error:
        message = f"the body is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise MalformedBodyError(message) from error
    except RecursionError as error:
        message = "the body is nested too deeply; an order is at most three levels deep"
        raise MalformedBodyError(message) from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's members; of two with one name nobody could say which was meant."""
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member is there twice in one object; send each once"
        raise MalformedBodyError(message)
    return members


def _decimal(text: str) -> Decimal:
    """The number exactly; one with an exponent that nothing can hold is no number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits)


_DECODER: Final = json.JSONDecoder(
    parse_float=_decimal, parse_int=_integer, parse_constant=Decimal, object_pairs_hook=_members
)
"""Made once: `json.loads` with options makes a decoder for every body."""


async def read_body(request: Request, *, max_bytes: int) -> bytes:
    """All of the body; raises `BodyTooLargeError` as soon as it is beyond `max_bytes`."""
    for name, value in request.scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > max_bytes:
            raise _too_large(max_bytes)
    content = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        content += message.get("body", b"")
        if len(content) > max_bytes:
            raise _too_large(max_bytes)
        more = message.get("more_body", False)
    return bytes(content)


def _too_large(max_bytes: int) -> BodyTooLargeError:
    return BodyTooLargeError(
        f"the body is larger than {max_bytes} bytes; order fewer items at once"
    )
