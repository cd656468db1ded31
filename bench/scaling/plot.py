"""Load, pods and latency over time, as one SVG a trace."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.scaling.fleet import Moment
from bench.scaling.traces import Trace

_STYLES: Final = (
    {"color": "#1f77b4", "linestyle": "-"},
    {"color": "#d95f02", "linestyle": "--"},
)
"""Dashes, so that the line below is seen where both run alike."""

_POINTS: Final = 1440
"""Of a line; more than the picture has pixels."""

_MS: Final = 1000
_MINUTES_UP_TO_S: Final = 7200
"""Longer ones are shown in hours."""


def draw(trace: Trace, runs: Mapping[str, Sequence[Moment]], path: Path) -> None:
    """Write the picture; the same runs make the same file.

    Args:
        trace: Whose course it is.
        runs: The moments by the name of the signal, two at most.
        path: Where it goes.
    """
    # Here, not above: only who draws needs matplotlib, which is in requirements-bench.txt.
    import matplotlib as mpl  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    mpl.rcParams.update({"svg.hashsalt": "scaling", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(9, 7), layout="constrained", facecolor="white")
    load, pods, latency = figure.subplots(3, 1, sharex=True)
    unit_s, unit = (60, "minutes") if trace.seconds <= _MINUTES_UP_TO_S else (3600, "hours")
    for (name, every), style in zip(runs.items(), _STYLES, strict=False):
        moments = every[:: max(1, len(every) // _POINTS)]
        times = [moment.at / unit_s for moment in moments]
        if style is _STYLES[0]:
            arriving = [moment.arriving_per_s for moment in moments]
            load.plot(times, arriving, color="black", label="orders that come")
        refused = [moment.refused_per_s for moment in moments]
        load.plot(times, refused, label=f"refused, scaled on {name}", **style)
        counts = [moment.pods for moment in moments]
        pods.step(times, counts, where="post", label=f"scaled on {name}", **style)
        ready = [moment.ready for moment in moments]
        pods.step(times, ready, where="post", alpha=0.5, **(style | {"linestyle": ":"}))
        seconds = [_MS * moment.latency_s for moment in moments]
        latency.plot(times, seconds, label=f"scaled on {name}", **style)
    load.set(ylabel="orders a second", title=trace.title)
    pods.set(ylabel="pods (dotted: ready)", ylim=(0, None))
    latency.set(ylabel="mean latency, ms (model)", xlabel=unit)
    for axes in (load, pods, latency):
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="best", fontsize=9, framealpha=0.9)
        axes.margins(x=0)
    latency.set_ylim(0, 1.15 * latency.get_ylim()[1])
    figure.savefig(path, metadata={"Date": None, "Creator": None})
