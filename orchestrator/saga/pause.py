"""How long an order that is stuck is left alone before it is tried again."""

import random
from typing import Final

FIRST_S: Final = 0.5
"""Most trouble is a restart; it is worth a look soon."""

LONGEST_S: Final = 15.0
"""Once an upstream works again, every order must be final within lease + 30 s: at most this pause,
one and a half intervals of the recovery loop, and the calls themselves."""

_DOUBLINGS: Final = 6
"""0.5 s doubled six times is beyond the longest pause; larger powers only overflow."""


def park_pause_s(rounds: int, *, retry_after_s: float | None) -> float:
    """Growing and jittered (half to the whole), at least the upstream's Retry-After, bounded."""
    grown = FIRST_S * float(2 ** min(rounds, _DOUBLINGS))
    jittered = min(grown, LONGEST_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
    return min(max(jittered, retry_after_s or 0.0), LONGEST_S)
