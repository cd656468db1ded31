"""The chart's own two ways to scale, and what they are compared with."""

from typing import Final

from bench.scaling.autoscaler import Autoscaler
from bench.scaling.behavior import DEFAULT, Behavior
from bench.scaling.capacity import Capacity
from bench.scaling.chart import Chart
from bench.scaling.fleet import Moment, Plan, Signal, cpu_signal, in_flight_signal, simulate
from bench.scaling.page import REQUESTS, Compared
from bench.scaling.summary import summarise
from bench.scaling.traces import SLOW_WAITING_S, TRACES, Full, Trace

_IN_FLIGHT: Final = (4, 8, 16, 24)
"""Of 32 places."""


def own(capacity: Capacity, chart: Chart, trace: Trace) -> dict[str, list[Moment]]:
    """How the chart scales as it is, on CPU and by KEDA."""
    on_cpu = cpu_signal(chart.cpu_target, chart.cpu_request)
    in_flight = in_flight_signal(chart.in_flight_per_pod)
    return {
        _cpu_name(chart, chart.cpu_request): _run(capacity, chart, trace, on_cpu),
        f"{chart.in_flight_per_pod} orders in flight": _run(capacity, chart, trace, in_flight),
    }


def compare(capacity: Capacity, chart: Chart) -> Compared:
    """Every choice on every trace."""
    return {
        name: {
            trace.name: summarise(_run(capacity, chart, trace, signal, behavior))
            for trace in TRACES
        }
        for name, signal, behavior in _choices(chart)
    }


def _choices(chart: Chart) -> list[tuple[str, Signal, Behavior | None]]:
    target, usual = chart.cpu_target, chart.cpu_request
    return [
        *((_cpu_name(chart, request), cpu_signal(target, request), None) for request in REQUESTS),
        (
            f"{_cpu_name(chart, usual)}, Kubernetes' own way down",
            cpu_signal(target, usual),
            DEFAULT,
        ),
        *((f"{count} orders in flight", in_flight_signal(count), None) for count in _IN_FLIGHT),
    ]


def _cpu_name(chart: Chart, request: float) -> str:
    return f"CPU, {chart.cpu_target:.0%} of {1000 * request:g}m"


def _run(
    capacity: Capacity,
    chart: Chart,
    trace: Trace,
    signal: Signal,
    behavior: Behavior | None = None,
) -> list[Moment]:
    full_per_s = {
        Full.CPU: chart.most * chart.cpu_target * chart.cpu_request / capacity.cpu_s,
        Full.PLACES: chart.most * chart.places / SLOW_WAITING_S,
    }
    plan = Plan(trace, full_per_s[trace.full], capacity.cpu_s, chart.places, signal, chart.scrape_s)
    autoscaler = Autoscaler(behavior or chart.behavior, chart.least, chart.most)
    return list(simulate(plan, autoscaler))
