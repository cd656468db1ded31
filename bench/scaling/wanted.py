"""How many pods a metric asks for, before any window or policy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TOLERANCE: Final = 0.1
"""Kubernetes' default: a ratio this near to 1 changes nothing."""

_ROUNDING: Final = 1e-9
"""Kubernetes counts in thousandths; a sum of binary fractions must not add a pod."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one pod."""

    value: float | None
    """Its metric; None while there is none."""
    set_aside: bool = False
    """Not ready yet, or measured before it was: for a CPU metric only."""


def by_pods(pods: Sequence[Seen], target: float) -> int:
    """Of a metric that each pod has, such as the CPU it uses.

    Pods that are not ready, or of which nothing is known, can only damp a change.
    """
    current = len(pods)
    measured = [pod.value for pod in pods if pod.value is not None and not pod.set_aside]
    if not measured:
        return current
    ratio = sum(measured) / len(measured) / target
    unready = sum(pod.set_aside for pod in pods)
    missing = sum(pod.value is None and not pod.set_aside for pod in pods)
    if not missing and not (unready and ratio > 1):
        return current if _near(ratio) else math.ceil(_tidy(ratio * len(measured)))
    unknown = [0.0] * (missing + unready) if ratio > 1 else [target] * missing
    values = measured + unknown
    damped = sum(values) / len(values) / target
    replicas = math.ceil(_tidy(damped * len(values)))
    if _near(damped) or (damped - 1) * (ratio - 1) < 0 or (replicas - current) * (damped - 1) < 0:
        return current
    return replicas


def by_sum(total: float, target: float, current: int) -> int:
    """Of a metric of all pods together, of which each is to have so much (KEDA's AverageValue)."""
    if _near(total / (target * current)):
        return current
    return math.ceil(_tidy(total / target))


def _near(ratio: float) -> bool:
    return abs(ratio - 1) <= TOLERANCE + _ROUNDING


def _tidy(value: float) -> float:
    return value - _ROUNDING
