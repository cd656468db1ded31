"""How replicas of a storm reach our upstreams, and the moments at which they are struck."""

import random
from collections.abc import Mapping
from typing import Final

from tests.storm.contract import Journal

_MOMENTS: Final = (
    "reserve",
    "authorize",
    "ship",
    "capture",
    "commit",
    "cancel",
    "refund",
    "release",
)
"""A process dies upon one of these calls: the moments that matter are short."""

_WITHIN_S: Final = 0.5  # an undo is rare; whoever waits for one must not wait for ever


class CommonWires:
    """All replicas have the same addresses; what is down is refused by the relay."""

    def __init__(self, urls: Mapping[str, str], journal: Journal, rng: random.Random) -> None:
        self._urls = urls
        self._journal = journal
        self._rng = rng

    async def wire(self, replica: str) -> Mapping[str, str]:
        """The settings that lead a replica to our upstreams."""
        del replica
        return self._urls

    async def unwire(self, replica: str) -> None:
        """Nothing is kept of a replica."""

    async def shut(self, service: str) -> None:
        """The relay sees for itself."""

    async def open(self, service: str) -> None:
        """The relay sees for itself."""

    async def until_busy(self, replica: str) -> None:
        """Return when some call comes in, which may be another replica's."""
        del replica
        await self._journal.next_call(self._rng.choice(_MOMENTS), within_s=_WITHIN_S)
