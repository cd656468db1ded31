"""A request as bytes: head and body in one buffer, and nothing in it that was not meant to be."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import httpx

_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""What names of methods and header fields are made of (RFC 9110, 5.6.2)."""

_VISIBLE: Final = bytes(range(0x21, 0x7F))
"""What a request target is made of; anything else would end it early."""

_TEXT: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
"""What values of header fields are made of: no line ends, no NUL, no other control characters."""

_KNOWN_NAMES: Final = 1024
"""Names of header fields come from code, not from customers: there are a few dozen."""


def check_method(method: bytes) -> None:
    """Raise `httpx.LocalProtocolError` unless it is a method that this transport can carry."""
    if not method or method.translate(None, _TOKEN):
        raise httpx.LocalProtocolError(f"{method!r} is not a method")
    if method == b"CONNECT":
        raise httpx.LocalProtocolError("CONNECT asks for a tunnel, and this is no proxy's client")


def check_target(target: bytes) -> None:
    """Raise `httpx.LocalProtocolError` unless it is one word of visible ASCII."""
    if not target or target.translate(None, _VISIBLE):
        raise httpx.LocalProtocolError("the request target has characters that would end it")


@lru_cache(_KNOWN_NAMES)
def check_name(name: bytes) -> None:
    """Raise `httpx.LocalProtocolError` unless it is a field name."""
    if not name or name.translate(None, _TOKEN):
        raise httpx.LocalProtocolError(f"{name!r} is not the name of a header field")


def check_value(name: bytes, value: bytes) -> None:
    """Raise `httpx.LocalProtocolError` when it would end its line, or worse."""
    if value.translate(None, _TEXT):
        raise httpx.LocalProtocolError(f"the value of {name.decode()} has control characters")


def head(method: bytes, target: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head of a request, with its empty line."""
    check_method(method)
    check_target(target)
    lines = [b"%b %b HTTP/1.1\r\n" % (method, target)]
    for name, value in fields:
        check_name(name)
        check_value(name, value)
        lines.append(b"%b: %b\r\n" % (name, value))
    lines.append(b"\r\n")
    return b"".join(lines)
