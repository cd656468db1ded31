"""Pods that come, become ready and go, seen by an autoscaler through metrics that lag behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.scaling.autoscaler import SYNC_S, Autoscaler
from bench.scaling.replica import Steady, steady
from bench.scaling.traces import Trace
from bench.scaling.wanted import Seen, by_pods, by_sum

POD_START_S: Final = 15
"""From the decision until the pod takes orders: scheduling, an image that is on the node already,
two to three seconds for the program, one look of each probe. An assumption."""

METRICS_S: Final = 15
"""Between two looks of the metrics server: its default. A pod's CPU is the mean in between."""

_METRICS_AT_S: Final = 7
"""The looks of metrics server and autoscaler have nothing to do with each other; half a period
apart is neither the best case nor the worst."""

_INITIAL_S: Final = 300
"""--horizontal-pod-autoscaler-cpu-initialization-period: so long a pod counts as just started."""

_SETTLE_S: Final = 1200
"""Twenty minutes at the load of the start come first, so that the trace does not begin with a
scaling of its own."""


@dataclass(slots=True)
class Pod:
    """One replica."""

    ready_at: float
    used_cpu_s: float = 0.0
    """Since the last look of the metrics server."""
    seen_cpu: float | None = None
    """Cores, as the metrics server says."""
    seen_at: float = 0.0

    def seen(self, now: float, request: float) -> Seen:
        """As the autoscaler takes it: as a share of its request."""
        share = None if self.seen_cpu is None else self.seen_cpu / request
        young = now < self.ready_at - POD_START_S + _INITIAL_S
        early = now < self.ready_at or self.seen_at < self.ready_at + METRICS_S
        return Seen(share, set_aside=young and early)


@dataclass(frozen=True, slots=True)
class Moment:
    """One second of a simulation."""

    at: float
    arriving_per_s: float
    ready: int
    pods: int
    refused_per_s: float
    latency_s: float


Signal = Callable[["Fleet", float], int]
"""How many pods a metric asks for at this time."""


@dataclass
class Fleet:
    """A Deployment's pods under a load that is the same for each."""

    pods: list[Pod]
    in_flight_seen: float = 0.0
    """Of all pods together, at Prometheus' last look."""
    moments: list[Moment] = field(default_factory=list)

    def ready(self, now: float) -> list[Pod]:
        """The pods that take orders."""
        return [pod for pod in self.pods if pod.ready_at <= now]

    def scale(self, now: float, count: int) -> None:
        """Start pods, or stop those that are youngest, as Kubernetes prefers to."""
        while len(self.pods) < count:
            self.pods.append(Pod(ready_at=now + POD_START_S))
        del self.pods[count:]


def cpu_signal(target: float, request: float) -> Signal:
    """The HPA on CPU: `target` of the `request` (in cores)."""

    def wanted(fleet: Fleet, now: float) -> int:
        return by_pods([pod.seen(now, request) for pod in fleet.pods], target)

    return wanted


def in_flight_signal(per_pod: float) -> Signal:
    """KEDA on orders in flight."""

    def wanted(fleet: Fleet, _: float) -> int:
        return by_sum(fleet.in_flight_seen, per_pod, len(fleet.pods))

    return wanted


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated: a load on pods of some capacity, scaled by some signal."""

    trace: Trace
    full_per_s: float
    """Orders a second that a share of 1 of the trace stands for."""
    cpu_s: float
    places: int
    signal: Signal
    scrape_s: int


def simulate(plan: Plan, autoscaler: Autoscaler) -> Sequence[Moment]:
    """Second by second, beginning with the pods that the load at its start wants."""
    long_ago = -_SETTLE_S - 2 * _INITIAL_S
    fleet = Fleet([Pod(ready_at=long_ago) for _ in range(autoscaler.least)])
    for now in range(-_SETTLE_S, plan.trace.seconds):
        at = max(now, 0)
        arriving = _tidy(plan.full_per_s * plan.trace.share(at))
        ready = fleet.ready(now)
        each = steady(
            _tidy(arriving / len(ready)), plan.cpu_s, plan.trace.waiting_s(at), plan.places
        )
        _observe(fleet, ready, each, now, plan.scrape_s)
        if now >= 0:
            refused = each.refused_per_s * len(ready)
            count = len(fleet.pods)
            fleet.moments.append(Moment(now, arriving, len(ready), count, refused, each.latency_s))
        if now % SYNC_S == 0:
            decided = autoscaler.decide(now, len(fleet.pods), plan.signal(fleet, now))
            fleet.scale(now, decided)
    return fleet.moments


def _observe(fleet: Fleet, ready: Sequence[Pod], each: Steady, now: int, scrape_s: int) -> None:
    for pod in ready:
        pod.used_cpu_s += each.cores
    if now % METRICS_S == _METRICS_AT_S:
        for pod in ready:
            pod.seen_cpu, pod.seen_at, pod.used_cpu_s = pod.used_cpu_s / METRICS_S, now, 0.0
    if now % scrape_s == _METRICS_AT_S:
        fleet.in_flight_seen = each.in_flight * len(ready)


def _tidy(value: float) -> float:
    """Three digits are enough, and let the model of a replica remember what it has computed."""
    return float(f"{value:.3g}")
