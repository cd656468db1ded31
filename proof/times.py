"""When things happen in a run, in seconds of virtual time."""

import random
from collections.abc import Callable
from typing import Final

from proof.world import LEASE_S

HEAL_S: Final = 4.0
"""When everything works again: what is parked has been tried by another replica since."""

HEAL_AFTER_LEASE_S: Final = 9.5
"""The same, where a worker is lost: a successor has taken over (at 6.5 s) and met the faults."""

HEAL_LATE_S: Final = 14.0
"""And where nobody looks before the resume window is over."""

BOUND_S: Final = LEASE_S + 30.0
"""After that every order must be final (docs/protocol.md, section 5)."""

LOOK_S: Final = 0.5
"""How long after the end of a lease somebody looks; the real interval is random."""

EAGER_S: Final = 0.015
"""The moment of an eager look: the order is being worked on, and most of it is still to come."""

LATENCY_S: Final = 0.01
"""Not nothing, so that what happens at once can interleave."""

LATENCIES_S: Final = (0.01, 0.1, 0.7)
"""Bounds of it where chance decides: from a neighbour to nearly too late (time-out: 1 s)."""

EXPIRES_S: Final = 0.035
"""Life of a reservation that expires: longer than its own call, not as long as to the commit."""


def latency(chance: int | None) -> Callable[[], float]:
    """How long each request is under way, in seconds."""
    if chance is None:
        return lambda: LATENCY_S
    draw = random.Random(chance)  # noqa: S311 - a schedule, no secret
    return lambda: draw.choice(LATENCIES_S) * draw.random()
