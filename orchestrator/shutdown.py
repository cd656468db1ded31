"""The end of a replica: readiness fails, orders are finished, the rest is given up, all in time."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from orchestrator.admission import Admission
from orchestrator.saga.running import RunningSagas


class Stoppable(Protocol):
    """What takes up orders by itself."""

    def stop(self) -> None:
        """Take up no more."""


class Drain:
    """Counts from the first sign of the end, whatever of it comes when: no part adds to another.

    `finish_within_s` is `DRAIN_S`: then whatever still runs is cancelled, which makes it give up
    its lease within `give_up_within_s` and lets its client be told.
    """

    def __init__(
        self,
        admission: Admission,
        recovery: Stoppable,
        running: RunningSagas,
        *,
        finish_within_s: float,
        give_up_within_s: float,
    ) -> None:
        self._admission = admission
        self._recovery = recovery
        self._running = running
        self._finish_within_s = finish_within_s
        self._give_up_within_s = give_up_within_s
        self._ends_at: float | None = None
        self._draining: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Take no orders any more, neither new ones nor those that others have left."""
        if self._draining is None:
            self._admission.draining = True
            self._recovery.stop()
            self._ends_at = asyncio.get_running_loop().time() + self._finish_within_s
            self._draining = asyncio.create_task(self._drain(), name="drain")

    async def finish(self) -> None:
        """Return when nothing runs any more: no request is left that could begin anything."""
        self.begin()
        if self._draining is not None:
            await self._draining
        await self._drain()

    async def _drain(self) -> None:
        left_s = (self._ends_at or 0.0) - asyncio.get_running_loop().time()
        await self._running.drain(
            finish_within_s=max(0.0, left_s), give_up_within_s=self._give_up_within_s
        )


@contextmanager
def on_sigterm(begin: Callable[[], object]) -> Iterator[None]:
    """Call `begin` at SIGTERM, then whoever was to hear of it before (the server).

    Does nothing outside the main thread, where signals cannot be heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)

    def heard(signum: int, frame: FrameType | None) -> None:
        begin()
        if callable(before):
            before(signum, frame)

    signal.signal(signal.SIGTERM, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
