"""Batches that are made, not hoped for."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from services.storage import Storage, Tx

PATIENCE_S = 20
"""How long a condition may take to come true on a busy machine before the test gives up."""

Work = Callable[[Tx], Any]


async def batch(storage: Storage, works: Sequence[Work]) -> list[Any]:
    """Run the works in one batch, and return what came of each, exceptions too.

    One work holds the writing thread until all the others wait.
    """
    began, release = threading.Event(), threading.Event()

    def hold(_: Tx) -> None:
        began.set()
        assert release.wait(PATIENCE_S)

    first = asyncio.create_task(storage.run(hold))
    assert await asyncio.to_thread(began.wait, PATIENCE_S)
    rest = [asyncio.create_task(storage.run(work)) for work in works]
    await asyncio.sleep(0)  # each has its place in the line now
    release.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)
