"""Where the time of a run goes."""

import time


class Stopwatch:
    """`seconds` by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def on(self, phase: str) -> None:
        """The phase has ended."""
        now = time.monotonic()
        self.seconds[phase], self._since = now - self._since, now
