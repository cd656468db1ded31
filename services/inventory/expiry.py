"""Reservations that nobody finished: their units go back on sale."""

from collections.abc import Callable
from typing import Final

from services.inventory.commands import expire_due
from services.storage import Storage, Tx

_BATCH: Final = 200
"""Rows of one transaction: short enough that no reserve waits long behind a sweep."""


async def sweep_now(storage: Storage) -> None:
    """Sweep all that is due, waiting for rows that others hold: a refusal depends on it."""
    await _sweep(storage, lambda tx: tx.for_update)


async def sweep_idle(storage: Storage) -> None:
    """Sweep what is due and free; rows that another process is at are left to it."""
    await _sweep(storage, lambda tx: tx.skip_locked)


async def _sweep(storage: Storage, lock: Callable[[Tx], str]) -> None:
    def batch(tx: Tx) -> int:
        return expire_due(tx, limit=_BATCH, locked=lock(tx))

    while await storage.run(batch) == _BATCH:
        pass
