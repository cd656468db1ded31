"""The figures of scaling as they stand in docs/kubernetes.md, between two marks."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.scaling.capacity import Capacity
from bench.scaling.chart import Chart
from bench.scaling.summary import Summary

BEGIN: Final = "<!-- scaling:begin -->"
END: Final = "<!-- scaling:end -->"

_PLACE: Final = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)

REQUESTS: Final = (0.25, 0.5, 1.0)
"""CPU requests, in cores, that are worth a thought."""

_QUIET: Final = 0.5
"""Load average of a machine that does nothing else; the measuring itself comes after it."""

Compared = Mapping[str, Mapping[str, Summary]]
"""By choice, then by trace."""


def sizing(capacity: Capacity, chart: Chart) -> list[str]:
    """What was measured, and what follows for the number of pods."""
    busy = capacity.load_average > _QUIET
    caution = "; other work was running, so take it as the most that it costs" if busy else ""
    core = "a core that it shared with other work" if busy else "a core of its own"
    measured = (
        f"Measured by `make scaling ARGS=measure` on {capacity.date} ({capacity.machine}; load "
        f"average {capacity.load_average:g} when it began{caution}): an order costs "
        f"**{capacity.cpu_ms:g} ms of CPU**, a replica on {core} placed "
        f"{capacity.orders_per_s:.0f} orders a second, and a customer alone waited "
        f"{capacity.latency_ms:.1f} ms, with upstreams that answer at once."
    )
    lines = [measured, "", "| CPU request | a pod at the target | all pods | a leap it takes |"]
    lines.append("| --- | --- | --- | --- |")
    for request in REQUESTS:
        cores = chart.cpu_target * request
        each = cores / capacity.cpu_s
        lines.append(
            f"| {1000 * request:g}m | {each:.0f} orders/s | {chart.most * each:.0f} orders/s "
            f"| {1 / cores:.1f} times |"
        )
    return lines


def comparison(compared: Compared) -> list[str]:
    """What each choice comes to: most pods and refused orders by trace, and what a day costs."""
    traces = list(next(iter(compared.values())))
    lines = [f"| scaled on | {' | '.join(traces)} | pod hours a day |"]
    lines.append(f"| --- |{' --- |' * (len(traces) + 1)}")
    for choice, by_trace in compared.items():
        cells = [f"{made.most_pods}, {made.refused_percent:.2f} %" for made in by_trace.values()]
        lines.append(f"| {choice} | {' | '.join(cells)} | {by_trace['day'].pod_hours:.0f} |")
    return lines


def write(page: Path, lines: Sequence[str]) -> None:
    """Put the lines into their place.

    Raises:
        ValueError: The page has none.
    """
    text = page.read_text(encoding="utf-8")
    if not _PLACE.search(text):
        raise ValueError(f"{page} has no place for the figures: write {BEGIN} and {END} into it")
    body = "\n".join(lines)
    page.write_text(_PLACE.sub(lambda _: f"{BEGIN}\n{body}\n{END}", text), encoding="utf-8")
