"""The answer nearly every call gets, told by one look: whole, small, and nothing special about it.

What this does not know goes through the parser, which judges everything; it knows less than the
parser, never more (tests/clients/http1/test_plain.py holds the two against each other). It takes
half a microsecond, the parser with its callbacks four, and an order has seven answers.
"""

import re
from typing import Final

_MEANINGFUL: Final = (
    rb"(?i:connection|proxy-connection|upgrade|transfer-encoding|content-encoding|content-length):"
)
"""Fields that change what an answer is, or what becomes of its connection."""

_FIELD: Final = (
    rb"(?:(?!" + _MEANINGFUL + rb")[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e]*+\r\n"
    rb"|(?i:connection: ?keep-alive)\r\n)"
)
_FIELDS: Final = _FIELD + rb"{0,20}+"
"""Servers send four or five."""

_HEAD: Final = re.compile(
    rb"HTTP/1\.1 (20[012]) [\t\x20-\x7e]*+\r\n"
    + _FIELDS
    + rb"(?i:content-length): ?([0-9]{1,7})\r\n"
    + _FIELDS
    + rb"\r\n"
)

_LONGEST_HEAD: Final = 4096
"""Bytes that are looked at; a longer head is the parser's."""


def plain_answer(data: bytes, limit: int) -> tuple[int, bytes] | None:
    """Status and body, if `data` is one whole plain success of at most `limit` bytes of body."""
    head = _HEAD.match(data, 0, _LONGEST_HEAD)
    if head is None:
        return None
    size = int(head[2])
    end = head.end()
    if size > limit or len(data) != end + size:
        return None
    return int(head[1]), data[end:]
