"""What a simulation comes to, in a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.scaling.fleet import Moment

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures that a choice is made by."""

    most_pods: int
    pod_hours: float
    changes: int
    """How often the number of pods changed."""
    refused_percent: float
    worst_latency_ms: float
    """The highest mean of any second."""
    slow_s: int
    """Seconds in which orders took twice as long as in the best one."""


def summarise(moments: Sequence[Moment]) -> Summary:
    """Sum up."""
    arrived = sum(moment.arriving_per_s for moment in moments)
    best_s = min(moment.latency_s for moment in moments)
    return Summary(
        most_pods=max(moment.pods for moment in moments),
        pod_hours=sum(moment.pods for moment in moments) / _SECONDS_PER_HOUR,
        changes=sum(before.pods != after.pods for before, after in pairwise(moments)),
        refused_percent=100 * sum(moment.refused_per_s for moment in moments) / arrived,
        worst_latency_ms=1000 * max(moment.latency_s for moment in moments),
        slow_s=sum(moment.latency_s > 2 * best_s for moment in moments),
    )
