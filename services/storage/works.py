"""Works waiting for a storage thread, and the way their outcomes get back to the event loop."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.storage.protocol import StorageUnavailable, T, Tx

# More than this many works waiting is seconds of backlog: callers are better told to come again,
# and what waits stays bounded in memory (each work may hold a body of up to 1 MiB).
MAX_WAITING = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One work and the future that waits for it."""

    work: Callable[[Tx], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: its result, or the exception that its caller is to see."""

    job: Job
    result: Any = None
    error: BaseException | None = None


class WorkQueue:
    """A bounded first-in first-out line between event loops and storage threads."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        """`limit` is the number of works that may wait."""
        self._limit = limit
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False

    async def submit(self, work: Callable[[Tx], T]) -> T:
        """Wait in line for a thread and return what `work` returned."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.put(Job(work, loop, future))
        return await future

    def put(self, job: Job) -> None:
        """Put a job in line; raises StorageUnavailable when the line is full or closed."""
        with self._changed:
            if self._closed:
                raise StorageUnavailable("the storage is closing: repeat the request elsewhere")
            if len(self._waiting) >= self._limit:
                raise StorageUnavailable("too many requests wait for the storage: repeat later")
            self._waiting.append(job)
            self._changed.notify()

    def take(self, most: int) -> list[Job]:
        """Block until works wait and return up to `most`; [] once closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def close(self) -> None:
        """Accept no more; threads finish what waits and then get []."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def settle(outcomes: list[Outcome]) -> None:
    """Hand outcomes to their event loops, with one wake-up per loop."""
    for loop in {outcome.job.loop for outcome in outcomes}:
        mine = [outcome for outcome in outcomes if outcome.job.loop is loop]
        # A loop that was closed meanwhile has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, mine)


def _resolve(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        future = outcome.job.future
        if future.done():  # its caller was cancelled
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.result)
