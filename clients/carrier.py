"""What brings one request to an upstream and its answer back: the network, or what stands for it.

`Upstream` asks no more of it than this, so the network can be ours (lean.py), httpx's or a test's
(stock.py), and all of them are held to the same behaviour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
        within_s: float,
    ) -> Reply:
        """Send the request once, and give its answer.

        Raises `TimeoutError` when that takes longer than `within_s` in all, and otherwise
        `httpx.RequestError` and nothing else: `may_have_been_sent` tells what that means.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
