"""Which requests a fault befalls, and the switch that lets go what it holds."""

import asyncio
import re
import threading

from testbed.faults import Fault

WAIT_BOUND_S = 20.0
"""How long a test waits for a request to arrive before it says that none came."""


class Rule:
    """A fault, the requests it befalls, and how many of them.

    Args:
        method: GET, POST, …
        path: As in "/payments/*/capture"; a star stands for one part between slashes.
        fault: What befalls them.
        times: To how many requests it happens; None for all.
    """

    def __init__(self, method: str, path: str, fault: Fault, times: int | None = 1) -> None:
        if times is not None and times < 1:
            raise ValueError(f"a rule needs to apply at least once, not {times} times")
        self.method = method
        self.path = path
        self.fault = fault
        self._pattern = re.compile(re.escape(path).replace(r"\*", "[^/]+"))
        self._left = times
        self._hits = 0
        self._lock = threading.Condition()
        self._released = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def __repr__(self) -> str:
        return f"<{self.method} {self.path}: {self.fault.name}, hit {self.hits} times>"

    @property
    def hits(self) -> int:
        """How many requests it has befallen."""
        with self._lock:
            return self._hits

    def claim(self, method: str, path: str) -> bool:
        """Whether this request is one of its; if so, it counts."""
        if method != self.method or not self._pattern.fullmatch(path):
            return False
        with self._lock:
            if self._left == 0:
                return False
            self._left = None if self._left is None else self._left - 1
            self._hits += 1
            self._lock.notify_all()
            return True

    def wait_hit(self, hits: int = 1, *, bound_s: float = WAIT_BOUND_S) -> None:
        """Return when so many requests have met the fault.

        Raises:
            TimeoutError: They did not come within `bound_s` seconds.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: self._hits >= hits, bound_s):
                raise TimeoutError(
                    f"only {self._hits} of {hits} {self.method} {self.path} came in {bound_s:g} s"
                )

    def stop(self) -> None:
        """Let further requests pass; those it holds are still held."""
        with self._lock:
            self._left = 0

    def release(self) -> None:
        """Let go what is held, and hold nothing from now on."""
        with self._lock:
            self._released = True
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)
            self._waiting.clear()

    async def released(self) -> None:
        """Return when `release` has been called, on whatever thread."""
        event = asyncio.Event()
        with self._lock:
            if self._released:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()
