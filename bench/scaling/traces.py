"""The loads that are simulated, as shares of what all pods stand.

So whatever the capacity of one pod is, the course is the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600

USUAL_WAITING_S: Final = 0.05
"""What an order passes at healthy upstreams: seven calls of seven milliseconds."""

SLOW_WAITING_S: Final = 1.5
"""The same when payment has a bad quarter of an hour."""


class Full(StrEnum):
    """What a share of 1 means, with as many pods as the chart allows."""

    CPU = auto()
    """All of them use the CPU that the HPA aims at."""
    PLACES = auto()
    """With upstreams that take SLOW_WAITING_S, all places of all pods are taken."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One course of things."""

    name: str
    title: str
    seconds: int
    share: Callable[[float], float]
    full: Full = Full.CPU
    waiting_s: Callable[[float], float] = lambda _: USUAL_WAITING_S


def _ramp(at: float) -> float:
    rise = min(max((at - 5 * _MINUTE) / (10 * _MINUTE), 0), 1)
    fall = min(max((at - 25 * _MINUTE) / (10 * _MINUTE), 0), 1)
    return 0.05 + 0.75 * (rise - fall)


def _spike(at: float) -> float:
    return 0.6 if 5 * _MINUTE <= at < 15 * _MINUTE else 0.075


def _surge(at: float) -> float:
    return 0.9 if 5 * _MINUTE <= at < 15 * _MINUTE else 0.3


def _day(at: float) -> float:
    """Little at night, a hill at noon, a higher one in the evening."""
    hour = at / _HOUR

    def hill(top: float, width: float) -> float:
        return math.exp(-(((hour - top) / width) ** 2))

    return 0.04 + 0.35 * hill(12.5, 2.5) + 0.7 * hill(20, 1.8)


def _slow(at: float) -> float:
    return SLOW_WAITING_S if 5 * _MINUTE <= at < 20 * _MINUTE else USUAL_WAITING_S


TRACES: Final = (
    Trace("ramp", "Load rises in ten minutes and falls again", 45 * _MINUTE, _ramp),
    Trace("spike", "Eight times the load at once, on one pod", 30 * _MINUTE, _spike),
    Trace("surge", "Three times the load at once, on several pods", 30 * _MINUTE, _surge),
    Trace("day", "A day", 24 * _HOUR, _day),
    Trace("slow", "An upstream becomes slow", 40 * _MINUTE, lambda _: 0.35, Full.PLACES, _slow),
)
