"""The answer nearly every call gets, told by one look: whole, small, and nothing special about it.

What this does not know goes through the parser, which judges everything; it knows less than the
parser, never more (tests/clients/http1/test_plain.py holds the two against each other). An
order has seven answers, and the parser with its callbacks takes several times as long.
"""

import re
from functools import lru_cache
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
"""Bytes of a head that is looked at; a longer one is the parser's."""

_END: Final = b"\r\n\r\n"

_HEADS: Final = 64
"""Heads that are remembered. Of one upstream they differ in the length, and once a second in the
date; one that gives each answer an id of its own costs a look more."""


def plain_answer(data: bytes, limit: int) -> tuple[int, bytes] | None:
    """Status and body, if `data` is one whole plain success of at most `limit` bytes of body."""
    head, _, body = data.partition(_END)
    if len(head) > _LONGEST_HEAD:
        return None
    known = _status_and_size(head)
    if known is None:
        return None
    status, size = known
    return (status, body) if len(body) == size <= limit else None


@lru_cache(maxsize=_HEADS)
def _status_and_size(head: bytes) -> tuple[int, int] | None:
    """What a head says, if it is a plain one; it says the same every time."""
    plain = _HEAD.fullmatch(head + _END)
    return None if plain is None else (int(plain[1]), int(plain[2]))
