"""Moments in words: UTC, as RFC 3339 has it, for people to read and never to decide on."""

import time
from functools import lru_cache


def utc_text(moment_s: float) -> str:
    """Give the moment (seconds since 1970) in milliseconds."""
    return _text(int(moment_s * 1000))


@lru_cache(maxsize=2)  # under load, many things happen in one millisecond
def _text(moment_ms: int) -> str:
    second, beyond_ms = divmod(moment_ms, 1000)
    return f"{_second_text(second)}.{beyond_ms:03d}Z"


@lru_cache(maxsize=2)  # of one second in the next, hundreds of times
def _second_text(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
