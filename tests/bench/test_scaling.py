"""The simulation of scaling: its model of a replica, its pods, and what it takes from the chart."""

import math
from itertools import pairwise
from pathlib import Path

import pytest

from bench.scaling.behavior import DEFAULT, Kind, Policy
from bench.scaling.capacity import Capacity, kept
from bench.scaling.chart import Chart, read_chart
from bench.scaling.choices import compare, own
from bench.scaling.fleet import POD_START_S, Moment
from bench.scaling.page import BEGIN, END, comparison, sizing, write
from bench.scaling.replica import steady
from bench.scaling.summary import summarise
from bench.scaling.traces import TRACES, Trace
from testbed.folders import ROOT
from tests.chart.rendering import parse, render_set

CAPACITY = Capacity(orders_per_s=500, cpu_ms=2, latency_ms=5, machine="", date="", load_average=0)


def trace(name: str) -> Trace:
    """One of them."""
    return next(trace for trace in TRACES if trace.name == name)


def both(name: str) -> tuple[list[Moment], list[Moment]]:
    """A trace, scaled on CPU and on orders in flight."""
    on_cpu, in_flight = own(CAPACITY, read_chart(), trace(name)).values()
    return on_cpu, in_flight


@pytest.mark.parametrize("load", [0.3, 0.9, 1.0, 1.5])
def test_replica_that_only_computes(load: float) -> None:
    """Without waiting it is the queue M/M/1/K, whose chance of refusal is known."""
    places = 8
    seen = steady(load / 0.01, 0.01, 0, places)
    shares = [load**count for count in range(places + 1)]

    assert math.isclose(shares[-1] / sum(shares), seen.refused_per_s / (load / 0.01))
    assert math.isclose(seen.in_flight, seen.placed_per_s * seen.latency_s)


def test_replica_that_only_waits() -> None:
    """Without work it is Erlang's loss formula: 10 calls' worth on 10 lines lose 21.46 %."""
    seen = steady(100, 1e-12, 0.1, 10)

    assert math.isclose(21.46, seen.refused_per_s, abs_tol=0.01)
    assert math.isclose(0.1, seen.latency_s, rel_tol=1e-6)


def test_replica_at_rest() -> None:
    """One order alone takes its CPU time and its waiting, and nobody is refused."""
    assert math.isclose(0.06, steady(0.001, 0.01, 0.05, 32).latency_s, rel_tol=1e-3)
    assert steady(0, 0.01, 0.05, 32).latency_s == 0.01 + 0.05


def test_chart() -> None:
    """What is simulated is what is installed."""
    chart = read_chart()
    (hpa,) = (
        found
        for found in parse(render_set("default"))
        if found["kind"] == "HorizontalPodAutoscaler"
    )

    assert (chart.least, chart.most) == (hpa["spec"]["minReplicas"], hpa["spec"]["maxReplicas"])
    assert (0.7, 0.25, 32, 8, 30) == numbers(chart)
    assert DEFAULT.up == chart.behavior.up
    assert (Policy(Kind.PODS, 1, 60),) == chart.behavior.down.policies


def numbers(chart: Chart) -> tuple[float, float, int, int, int]:
    """Those that docs/kubernetes.md speaks of."""
    return (
        chart.cpu_target,
        chart.cpu_request,
        chart.places,
        chart.in_flight_per_pod,
        chart.scrape_s,
    )


def test_spike() -> None:
    """New pods take orders once they have started; until then what is too much is refused."""
    for moments in both("spike"):
        asked = next(moment.at for moment in moments if moment.pods > 1)
        ready = next(moment.at for moment in moments if moment.ready > 1)

        # The decision falls at the end of a second, the pods are counted at its beginning.
        assert POD_START_S - 1 == ready - asked
        assert any(moment.refused_per_s > 1 for moment in moments if moment.at < ready)
        assert all(moment.refused_per_s < 1 for moment in moments if moment.at > ready + 60)


def test_way_down() -> None:
    """Pods go one by one, a minute apart."""
    for moments in both("ramp"):
        falls = [
            (after.at, before.pods - after.pods)
            for before, after in pairwise(moments)
            if after.pods < before.pods
        ]

        assert {1} == {pods for _, pods in falls}
        assert all(later - earlier >= 60 for (earlier, _), (later, _) in pairwise(falls))


def test_slow_upstream() -> None:
    """CPU sees nothing of it, and orders are refused to its end; orders in flight tell."""
    on_cpu, in_flight = both("slow")
    late = [moment.at for moment in in_flight if 600 <= moment.at < 1200]

    assert summarise(on_cpu).refused_percent > 10
    assert max(moment.pods for moment in on_cpu) <= 2
    assert all(in_flight[int(at)].refused_per_s < 0.1 for at in late)


def test_page_is_of_the_kept_measurement() -> None:
    """After a new one the page is to be written anew: make scaling."""
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    chart = read_chart()
    lines = [*sizing(kept(), chart), "", *comparison(compare(kept(), chart))]

    assert "\n".join([BEGIN, *lines, END]) in page


def test_page_without_a_place(tmp_path: Path) -> None:
    """Nothing is written where nothing was meant to be."""
    page = tmp_path / "page.md"
    page.write_text("no place\n")
    with pytest.raises(ValueError, match="has no place for the figures"):
        write(page, ["figures"])

    assert "no place\n" == page.read_text()
