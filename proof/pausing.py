"""A loop on which one process of several can be stopped (SIGSTOP) while the others go on.

What belongs to a process is told by its context: every task and timer inherits the context of
whoever made it. A stopped process runs nothing; when it goes on, what became due meanwhile is
overdue and comes at once, in the order of its moments.
"""

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from proof.virtual_time import VirtualTimeLoop

PROCESS: Final[contextvars.ContextVar[str]] = contextvars.ContextVar("PROCESS", default="")
"""The process that the running code belongs to; "" is the world outside of all."""


def context_of(process: str) -> contextvars.Context:
    """Return a new context for what belongs to `process`."""
    context = contextvars.Context()
    context.run(PROCESS.set, process)
    return context


class PausingLoop(VirtualTimeLoop):
    """Virtual time, and `pause` for one process while the others go on."""

    # What asyncio's own loop keeps; no public way tells what is due from what is not.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._paused: dict[str, list[asyncio.Handle]] = {}
        self._alarms: dict[str, asyncio.TimerHandle] = {}

    def pause(self, process: str, seconds: float) -> None:
        """Stop `process` from the next turn of the loop on, for `seconds`."""
        if process in self._paused:
            return
        due = [handle for handle in self._ready if _process_of(handle) == process]
        for index, handle in enumerate(self._ready):
            if handle in due:
                self._ready[index] = _NOTHING  # asyncio counts them: none may be missing
        timers = [handle for handle in self._scheduled if _process_of(handle) == process]
        self._scheduled = [handle for handle in self._scheduled if handle not in timers]
        heapq.heapify(self._scheduled)
        self._paused[process] = [*due, *timers]
        self._alarms[process] = self.call_later(
            seconds, self._go_on, process, context=context_of("")
        )

    def wake(self, process: str) -> None:
        """Let `process` go on now, if it is stopped."""
        if process in self._paused:
            self._alarms[process].cancel()
            self._go_on(process)

    def call_soon(  # type: ignore[override] # a TypeVarTuple that need not be passed on
        self,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 - as the loop takes them
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """See the loop's own; of a process that is paused, it is called once that goes on."""
        handle = super().call_soon(callback, *args, context=context)
        if self._paused and (process := _process_of(handle)) in self._paused:
            self._ready.pop()
            self._paused[process].append(handle)
        return handle

    def _go_on(self, process: str) -> None:
        for handle in self._paused.pop(process):
            if isinstance(handle, asyncio.TimerHandle):
                heapq.heappush(self._scheduled, handle)
            else:
                self._ready.append(handle)


def _process_of(handle: asyncio.Handle) -> str:
    context: contextvars.Context = handle._context  # type: ignore[attr-defined] # noqa: SLF001 - as above
    return context.get(PROCESS, "")


class _Nothing(asyncio.Handle):
    """Takes the place of a handle that must wait."""

    __slots__ = ()

    def __init__(self) -> None:
        self._cancelled = True
        self._context = contextvars.Context()


_NOTHING: Final = _Nothing()
