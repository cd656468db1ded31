"""Moments in words: UTC, as RFC 3339 has it, for people to read and never to decide on."""

import time
from functools import lru_cache


def utc_text(moment_s: float) -> str:
    """Give the moment (seconds since 1970) in milliseconds."""
    second = int(moment_s)
    return f"{_second_text(second)}.{int((moment_s - second) * 1000):03d}Z"


@lru_cache(maxsize=2)  # of one second in the next, hundreds of times
def _second_text(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
