"""The plots of docs/performance.md, from the rounds as they were kept.

.venv-bench/bin/python -m bench.plots bench/results/latest.json docs/performance
"""

import argparse
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt

from bench.results import Results, Rows

_OURS: Final = "#1f6feb"
_OTHERS: Final = "#8c959f"

_WIDE: Final = 50
"""Beyond this ratio the shortest bar of a linear axis could not be seen."""

mpl.use("svg")
mpl.rcParams.update(
    {
        "svg.hashsalt": "order-saga",  # the same figures give the same file
        "svg.fonttype": "none",  # text stays text
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.use": True,
        "savefig.facecolor": "white",
    }
)


def draw(results: Results, folder: Path) -> list[Path]:
    """Every plot whose figures are there."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, (table, plot) in _PLOTS.items():
        rows = results.tables.get(table)
        if rows:
            figure, axes = plt.subplots(figsize=(8, 3.6))
            plot(axes, rows)
            path = folder / f"{name}.svg"
            figure.savefig(path, metadata={"Date": None})
            plt.close(figure)
            drawn.append(path)
    return drawn


def _middle(row: Mapping[str, list[float]], column: str) -> float:
    return statistics.median(row[column])


def _bars(axes: Any, rows: Rows) -> None:  # noqa: ANN401 - matplotlib
    """CPU of an order, the cheapest on top; the line across a bar is the spread of the rounds."""
    names = sorted(rows, key=lambda name: -_middle(rows[name], "cpu_ms"))
    middles = [_middle(rows[name], "cpu_ms") for name in names]
    low = [middle - min(rows[name]["cpu_ms"]) for name, middle in zip(names, middles, strict=True)]
    high = [max(rows[name]["cpu_ms"]) - middle for name, middle in zip(names, middles, strict=True)]
    colours = [_OURS if name.startswith("this service") else _OTHERS for name in names]
    bars = axes.barh(names, middles, xerr=(low, high), color=colours, ecolor="#24292f")
    axes.bar_label(bars, [f"{middle:.3g} ms" for middle in middles], padding=8)
    axes.margins(x=0.2)
    axes.set_xlabel("CPU milliseconds for one order")
    if max(middles) > _WIDE * min(middles):
        axes.set_xscale("log")
        axes.set_xlabel("CPU milliseconds for one order (logarithmic)")


def _items(axes: Any, rows: Rows) -> None:  # noqa: ANN401 - matplotlib
    items = [int(label) for label in rows]
    axes.plot(items, [_middle(row, "cpu_ms") for row in rows.values()], "o-", color=_OURS)
    axes.set_xscale("log")
    axes.set_xticks(items, [str(number) for number in items])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("items of the order")
    axes.set_ylabel("CPU ms for one order")


def _in_flight(axes: Any, rows: Rows) -> None:  # noqa: ANN401 - matplotlib
    numbers = [int(label) for label in rows]
    rates = [_middle(row, "per_s") for row in rows.values()]
    axes.plot(numbers, rates, "o-", color=_OURS)
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, [str(number) for number in numbers])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("orders in flight")
    axes.set_ylabel("orders/s", color=_OURS)
    waits = axes.twinx()
    waits.spines["right"].set_visible(True)
    waits.plot(numbers, [_middle(row, "p99_ms") for row in rows.values()], "s--", color=_OTHERS)
    waits.set_yscale("log")
    waits.set_ylabel("p99, ms (dashed, logarithmic)", color=_OTHERS)


def _overload(axes: Any, rows: Rows) -> None:  # noqa: ANN401 - matplotlib
    names = list(rows)[::-1]
    placed = [_middle(rows[name], "per_s") for name in names]
    refused = [_middle(rows[name], "refused_per_s") for name in names]
    axes.barh(names, placed, color=_OURS, label="placed")
    axes.barh(names, refused, left=placed, color=_OTHERS, label="refused")
    for place, name in enumerate(names):
        text = f"p99 {_middle(rows[name], 'p99_ms'):.0f} ms"
        axes.text(placed[place] + refused[place], place, f"  {text}", va="center")
    axes.margins(x=0.2)
    axes.set_xlabel("orders/s; p99 is that of the orders that were placed")
    axes.legend(loc="upper right", frameon=False)


def _latency(axes: Any, rows: Rows) -> None:  # noqa: ANN401 - matplotlib
    names = list(rows)[::-1]
    axes.barh(names, [_middle(rows[name], "allowed_per_s") for name in names], color="#d0d7de")
    axes.barh(names, [_middle(rows[name], "per_s") for name in names], height=0.4, color=_OURS)
    axes.set_xscale("log")
    axes.set_xlabel("orders/s: placed (blue) and allowed by places and latency (grey), logarithmic")


Plot = Callable[[Any, Rows], None]

_PLOTS: Final[Mapping[str, tuple[str, Plot]]] = {
    "services": ("services", _bars),
    "whole": ("whole", _bars),
    "items": ("items", _items),
    "in-flight": ("in_flight", _in_flight),
    "latency": ("latency", _latency),
    "overload": ("overload", _overload),
}
"""By the name of the file: whose figures, and how they are drawn."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.plots", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    draw(Results.read(asked.results), asked.folder)
