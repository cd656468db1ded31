"""The tables of docs/performance.md: medians and spread of the rounds, between marks.

The text around them is written by hand; what stands between a table's two marks is replaced.
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.goals import outcomes
from bench.results import Results

Column = tuple[str, str]
"""Name of a figure and the head it stands under."""

_LOOPS: Final[Sequence[Column]] = (
    ("cpu_ms", "CPU ms per order"),
    ("per_s", "orders/s"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
)

TABLES: Final[Mapping[str, tuple[str, Sequence[Column]]]] = {
    "services": ("32 orders in flight", _LOOPS),
    "whole": ("32 orders in flight", _LOOPS),
    "half": (
        "at half of its own saturation",
        (("offered_per_s", "offered/s"), *_LOOPS, ("refused_per_s", "refused/s")),
    ),
    "items": ("items", _LOOPS),
    "in_flight": ("in flight", _LOOPS),
    "replicas": ("replicas", _LOOPS),
    "latency": ("every upstream answers after", (("allowed_per_s", "allowed/s"), *_LOOPS)),
    "overload": ("load", (*_LOOPS, ("refused_per_s", "refused/s"))),
    "refusal": ("", (("cpu_ms", "CPU ms"), ("per_s", "a second"))),
    "memory": (
        "",
        (
            ("start_mib", "MiB at its start"),
            ("busy_mib", "MiB with 100 in flight"),
            ("per_1000_mib", "MiB for each further 1000 in flight"),
        ),
    ),
}
"""By name of the table: the head of its first column, and the others."""


def generated(results: Results) -> dict[str, str]:
    """Every part of the page that comes from the results, by the name in its marks."""
    parts = {
        name: _table(head, columns, results, name)
        for name, (head, columns) in TABLES.items()
        if name in results.tables
    }
    return parts | {"about": _about(results), "goals": _goals(results)}


def put_into(page: Path, results: Results) -> None:
    """Replace what stands between the marks.

    Raises:
        ValueError: The page has no place for a part.
    """
    text = page.read_text(encoding="utf-8")
    for name, part in generated(results).items():
        text = _replaced(text, name, part)
    page.write_text(text, encoding="utf-8")


def _replaced(text: str, name: str, part: str) -> str:
    begin, end = f"<!-- bench:begin {name} -->", f"<!-- bench:end {name} -->"
    place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"the page has no place for {name}: write {begin} and {end} into it")
    return place.sub(lambda _: f"{begin}\n\n{part}\n\n{end}", text)


def _table(head: str, columns: Sequence[Column], results: Results, name: str) -> str:
    rows = results.tables[name]
    lines = [[head, *(title for _, title in columns)]]
    for label, row in rows.items():
        lines.append([label, *(_told(row.get(column, [])) for column, _ in columns)])
    return markdown(lines)


def _told(rounds: Sequence[float]) -> str:
    """Median, and the least and the most when there were several rounds."""
    if not rounds:
        return "–"
    middle = short(statistics.median(rounds))
    if len(rounds) == 1:
        return middle
    return f"{middle} ({short(min(rounds))}–{short(max(rounds))})"


_SMALL: Final = 10
_LARGE: Final = 100


def short(value: float) -> str:
    """With as many digits as the measurement can bear."""
    if value >= _LARGE:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= _SMALL else f"{value:.2f}"


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table; the first line is its head."""
    rule = ["---", *("--:" for _ in lines[0][1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def _goals(results: Results) -> str:
    lines = [["against", "measured as", "must", "stretch", "this run", "reached"]]
    for outcome in outcomes(results):
        goal = outcome.goal
        sign, measured = ("≤", "our CPU / its CPU") if goal.at_most else ("≥", "its CPU / our CPU")
        bounds = [f"{sign} {bound:g} ×" for bound in (goal.must, goal.stretch)]
        ratio = "–" if outcome.ratio is None else f"{short(outcome.ratio)} ×"
        lines.append([goal.other.name, measured, *bounds, ratio, outcome.verdict])
    return markdown(lines)


def _about(results: Results) -> str:
    about = results.about
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    quiet = (
        "nobody else was at work on it"
        if about["quiet"]
        else "**others were at work on it: compare within this run only**"
    )
    lines = [
        f"- measured: {about['measured']}, `{about['command']}`, commit {about['commit']}",
        f"- machine: {about['machine']}; load before the run {about['load_before']}: {quiet}",
        f"- versions: {versions}",
        *(f"- left out: {line}" for line in results.skipped),
        *(f"- failed: {line}" for line in results.failures),
    ]
    return "\n".join(lines)
