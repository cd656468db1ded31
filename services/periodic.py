"""Chores that a service does every few seconds while it runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.logs import log_event, logger
from services.storage import Storage, StorageUnavailable


@dataclass(frozen=True)
class Periodic:
    """A chore: `run_once` is all of it, so that a test can call it when it likes."""

    name: str
    every_s: float
    run_once: Callable[[Storage], Awaitable[object]]

    async def run_forever(self, storage: Storage) -> None:
        """Run the chore until cancelled; a failure is logged and the next round tries again."""
        while True:
            # A quarter either way keeps the processes on one database from moving in step.
            await asyncio.sleep(self.every_s * random.uniform(0.75, 1.25))  # noqa: S311
            try:
                await self.run_once(storage)
            except StorageUnavailable:
                log_event("chore postponed: storage unavailable", chore=self.name)
            except Exception:  # noqa: BLE001 - a bug in a chore must not end it in silence
                logger.exception("chore failed", extra={"fields": {"chore": self.name}})
