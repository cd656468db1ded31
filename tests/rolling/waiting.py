"""Waiting for a condition."""

import time
from collections.abc import Callable

BOUND_S = 60.0
"""How long is waited for what must come; seconds, or many on a machine that is busy."""

POLL_S = 0.02


def wait_until(holds: Callable[[], object], bound_s: float = BOUND_S) -> None:
    """Return when it holds.

    Raises:
        TimeoutError: It did not within the bound.
    """
    give_up_at = time.monotonic() + bound_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"not within {bound_s:g} s")
        time.sleep(POLL_S)
