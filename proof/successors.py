"""The other replicas: whoever of them is awake looks for orders whose lease has run out."""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Final

from clients.errors import UpstreamError
from proof.books import next_lease_end_ms
from proof.replica import Replica
from proof.times import BOUND_S, LOOK_S
from proof.world import LEASE_S
from services.storage.memory import MemoryStorage

SUCCESSORS: Final = "BCDEFGH"
"""Replicas that look for orders; more than can be lost in any case."""


class Successors:
    """Recovers orders as the replicas' own loops would, but looks only when there is something.

    `at_once` replicas look together; nobody does before `not_before`, on the loop's clock.
    """

    def __init__(
        self, replica: Callable[[str], Replica], records: MemoryStorage, *, at_once: int
    ) -> None:
        self._replica = replica
        self._records = records
        self._at_once = at_once
        self._loop = asyncio.get_running_loop()
        self.not_before = self._loop.time()
        self.looks: list[tuple[float, int]] = []
        """When they looked, and how many of them together."""

    async def until_final(
        self, asking: list[asyncio.Task[None]], heals_at: Callable[[], float]
    ) -> None:
        """Look whenever a lease has run out, until all is answered and final, or for too long."""
        looked_at = 0.0
        while self._loop.time() < heals_at() + BOUND_S:
            waiting = [task for task in asking if not task.done()]
            due = self._next_due()
            if due is None and not waiting:
                return
            now = self._loop.time()
            if due is None:
                look_at = now + LEASE_S
            else:
                look_at = max(due + LOOK_S, self.not_before, looked_at + LOOK_S)
            if look_at > now:
                await self._wait(waiting, look_at - now)
            elif due is not None:
                looked_at = now
                await self._wait_for(self.look(self._who_looks()))

    async def _wait(self, waiting: list[asyncio.Task[None]], seconds: float) -> None:
        """Until the next client has its answer, at most so long."""
        if waiting:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)

    async def _wait_for(self, looking: list[asyncio.Task[None]]) -> None:
        """Until all have ended, or the order's lease has run out again."""
        left = set(looking)
        while left:
            due = self._next_due()
            if due is None or due + LOOK_S < self._loop.time():
                return
            _, left = await asyncio.wait(left, timeout=due + LOOK_S - self._loop.time() + LOOK_S)

    def _who_looks(self) -> list[str]:
        awake = (name for name in SUCCESSORS if self._replica(name).awake())
        return list(islice(awake, self._at_once))

    def look(self, names: list[str]) -> list[asyncio.Task[None]]:
        """Let these look once each, and carry on what they find."""
        self.looks.append((self._loop.time(), len(names)))
        return [self._replica(name).start(self._recover(name)) for name in names]

    async def _recover(self, name: str) -> None:
        replica = self._replica(name)
        recovery = replica.service.recovery
        try:
            await recovery.run_once()
        except UpstreamError:
            replica.disturbed = True
            return
        await recovery.settle()

    def _next_due(self) -> float | None:
        """When the next lease of an unfinished order ends, on the loop's clock."""
        due_ms = next_lease_end_ms(self._records)
        return None if due_ms is None else due_ms / 1000
