"""An answer as it leaves the connection."""

from dataclasses import dataclass
from typing import TypeAlias

from clients.http1.incoming import Incoming

Fields: TypeAlias = list[tuple[bytes, bytes]]
"""Header fields as they came: names in the server's spelling, repeated ones repeated."""


@dataclass(slots=True)
class Reply:
    """Status, header fields and body; the body is bytes when all of it had come, else a stream.

    `coded` is false when no field speaks of a coding of the body, and may be true when none does.
    """

    status: int
    version: bytes
    fields: Fields
    body: bytes | Incoming
    coded: bool


def find(fields: Fields, name: bytes) -> bytes | None:
    """The value of the first field called `name` (in lower case), or None."""
    size = len(name)
    for field, value in fields:
        if len(field) == size and field.lower() == name:
            return value
    return None
