"""What brings one request to an upstream and its answer back: the network, or what stands for it.

`Upstream` asks no more of it than this, so the network can be ours (lean.py), httpx's or a test's
(stock.py), and all of them are held to the same behaviour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

LARGEST_ANSWER_BYTES: Final = 1_048_576
"""An answer is a few kilobytes; whatever is larger than 1 MiB is not one and is not read to its
end."""

CONSTANT_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "order-service",
}
"""What every request carries. Compressing a few hundred bytes costs more than it saves."""

NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})

KEY_FIELD: Final = "X-Idempotency-Key"
CONTENT_TYPE: Final = "application/json"


class Fields(dict[str, str]):
    """Header fields that go out with many calls, an order's trace: written out once, not each time.

    `lines` is for the carrier that writes them; nothing may be added once it is there.
    """

    __slots__ = ("lines",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(fields)
        self.lines: str | None = None


@dataclass(slots=True)
class Reply:
    """What came back: all of the content, or a byte more than an answer may have, at least."""

    status: int
    content: bytes
    retry_after: str | None = None


class Carrier(Protocol):
    """The way to one upstream."""

    async def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        key: str | None = None,
        within_s: float,
    ) -> Reply:
        """Send the request once, and give its answer. `content` is JSON; `key` its idempotency key.

        Raises `TimeoutError` when that takes longer than `within_s` in all, and otherwise
        `httpx.RequestError` and nothing else: `may_have_been_sent` tells what that means.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def entity_fields(content: bytes | None, key: str | None) -> dict[str, str]:
    """The header fields that speak of one request and its body."""
    fields = {} if key is None else {KEY_FIELD: key}
    if content is not None:
        fields["Content-Type"] = CONTENT_TYPE
    return fields
