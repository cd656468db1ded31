"""An event loop whose clock jumps: when nothing is ready, it is at once the time of the next timer.

Minutes of deadlines, leases and pauses pass in milliseconds and to the same order on every run.
For code that waits by the loop's clock and for the loop's own sockets; threads have no place here,
for time does not wait for them.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

START_S: Final = 1000.0
"""Where the clock begins: a zero would hide the mistake of taking a moment for a duration."""

_STALLED_AFTER_S: Final = 0.5
"""Real seconds for which a loop without timers waits for its sockets; loopback takes far less."""

T = TypeVar("T")


class StalledError(RuntimeError):
    """Every task waits, no timer is set and no socket has anything: this would hang for ever."""


class _JumpingSelector(selectors.DefaultSelector):
    """Looks at the sockets without waiting, and lets the waiting time pass on its own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = START_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; where nothing is, `timeout` has passed."""
        if timeout is None:
            return self._wait_for_sockets()
        ready = super().select(0)
        if not ready:
            self.now_s += max(timeout, 0.0)
        return ready

    def _wait_for_sockets(self) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(_STALLED_AFTER_S)
        if not ready:
            message = "every task waits for something that will never happen"
            raise StalledError(message)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The loop; `time()` starts at `START_S` and moves only when everybody waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the loop's clock in seconds."""
        return self._jumping.now_s

    def restart(self) -> None:
        """Set the clock back to its beginning; nothing may be waiting for it."""
        self._scheduled: list[asyncio.TimerHandle]
        if left := [timer for timer in self._scheduled if not timer.cancelled()]:
            message = f"end what waits for {left[0]!r} before the clock is set back"
            raise RuntimeError(message)
        for timer in self._scheduled:
            timer._scheduled = False  # noqa: SLF001 - as asyncio's own sweep does
        self._scheduled.clear()
        self._timer_cancelled_count = 0
        self._jumping.now_s = START_S

    def freeze(self, seconds: float) -> None:
        """Let time pass in which this process does nothing: it was stopped, or starved."""
        self._jumping.now_s += seconds


def freeze(seconds: float) -> None:
    """Freeze the running loop."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        message = "only virtual time can be frozen; run this on a VirtualTimeLoop"
        raise TypeError(message)
    loop.freeze(seconds)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end like `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
