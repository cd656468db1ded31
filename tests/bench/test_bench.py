"""`make bench`: it works with every system that needs nothing to be installed, and judges no times.

Its page, its goals and its plots are fed with figures made up here.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.about import commanded
from bench.goals import outcomes
from bench.page import TABLES, generated, put_into, short
from bench.profile import entitle
from bench.results import Results
from bench.systems import AIOHTTP, FASTIFY, FLOOR, HTTPX_SHARED, NET_HTTP, OURS
from bench.whole import DBOS, OURS_WHOLE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/performance.md"

ABOUT = {
    "measured": "2026-01-01 00:00 UTC",
    "command": "python -m bench",
    "commit": "0123456",
    "machine": "2 cores",
    "load_before": 0.1,
    "quiet": True,
    "versions": {"Python": "3.11.7"},
}


def results(**costs: float) -> Results:
    """A run in which the floor cost 0.1 ms, and each other one what it is said to."""
    names = {
        "floor": ("services", FLOOR.name),
        "ours": ("services", OURS.name),
        "httpx": ("services", HTTPX_SHARED.name),
        "aiohttp": ("services", AIOHTTP.name),
        "node": ("services", FASTIFY.name),
        "go": ("services", NET_HTTP.name),
        "ours_whole": ("whole", OURS_WHOLE.name),
        "dbos": ("whole", DBOS.name),
    }
    found = Results(dict(ABOUT))
    for name, cpu_ms in costs.items():
        for factor in (1.0, 0.5, 1.5):
            figures = {"cpu_ms": cpu_ms * factor, "per_s": 1000 / cpu_ms}
            found.add(*names[name], figures)
    return found


def test_smoke(tmp_path: Path) -> None:
    """Every part runs, real processes and all, and every answer is the one it should be."""
    kept = tmp_path / "smoke.json"
    command = (sys.executable, "-m", "bench", "--smoke", "--into", str(kept))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    found = Results.read(kept)
    assert [] == found.failures
    assert {"services", "half", "items", "in_flight", "overload", "refusal"} <= found.tables.keys()
    assert {FLOOR.name, OURS.name, HTTPX_SHARED.name} <= found.tables["services"].keys()
    assert all(
        rounds and min(rounds) >= 0
        for rows in found.tables.values()
        for columns in rows.values()
        for rounds in columns.values()
    )


def test_page_has_a_place_for_everything(tmp_path: Path) -> None:
    """The real page takes every table, twice in a row, and its own text stays."""
    found = results(floor=0.1, ours=0.3)
    for name, (_, columns) in TABLES.items():
        found.add(name, "a row of the test", dict.fromkeys((column for column, _ in columns), 12.3))
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())

    put_into(page, found)
    once = page.read_text()
    put_into(page, found)

    assert once == page.read_text()
    assert len(TABLES) == once.count("| a row of the test |")
    assert "## What is measured, and how" in once


def test_page_without_a_place(tmp_path: Path) -> None:
    """A page without the marks is refused instead of losing a table."""
    page = tmp_path / "page.md"
    page.write_text("# Performance\n")

    with pytest.raises(ValueError, match="no place for"):
        put_into(page, results(floor=0.1, ours=0.3))


def test_table_shows_median_and_spread() -> None:
    """Of several rounds the middle one is shown, with the least and the most."""
    assert f"| {OURS.name} | 0.30 (0.15–0.45) |" in generated(results(ours=0.3))["services"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.12"), (9.99, "9.99"), (10.04, "10.0"), (99.94, "99.9"), (7474.4, "7474")],
)
def test_digits(value: float, text: str) -> None:
    """No more digits than a measurement has."""
    assert text == short(value)


@pytest.mark.parametrize(
    ("costs", "other", "ratio", "verdict"),
    [
        ({"floor": 0.1, "ours": 0.5}, FLOOR, 5.0, "missed"),
        ({"floor": 0.1, "ours": 0.39}, FLOOR, 3.9, "must"),
        ({"floor": 0.1, "ours": 0.29}, FLOOR, 2.9, "stretch"),
        ({"httpx": 9.0, "ours": 0.5}, HTTPX_SHARED, 18.0, "missed"),
        ({"aiohttp": 1.0, "ours": 0.5}, AIOHTTP, 2.0, "must"),
        ({"node": 0.6, "ours": 0.5}, FASTIFY, 1.2, "stretch"),
        ({"go": 0.3, "ours": 0.5}, NET_HTTP, 0.6, "must"),
        ({"dbos": 26.0, "ours_whole": 1.0}, DBOS, 26.0, "stretch"),
        ({"dbos": 26.0, "ours": 1.0}, DBOS, None, "not measured"),
    ],
)
def test_goals(costs: dict[str, float], other: object, ratio: float | None, verdict: str) -> None:
    """A goal is judged by the ratio of medians: the floor's from above, the others' from below."""
    found = next(each for each in outcomes(results(**costs)) if each.goal.other is other)

    assert found.ratio == (None if ratio is None else pytest.approx(ratio))
    assert verdict == found.verdict


def test_command_names_no_place() -> None:
    """Where the results of a run went is nobody's business."""
    told = commanded(["--part", "items", "--into", "/somewhere/kept.json", "--smoke"])

    assert told == "python -m bench --part items --smoke"


def test_flame_graph_names_no_place(tmp_path: Path) -> None:
    """The sampler writes its command line into the graph, paths and all; it makes way."""
    graph = tmp_path / "flame.svg"
    graph.write_text('<svg><text id="title" x="1">/home/me/py-spy record</text><g>kept</g></svg>')

    entitle(graph, "100 orders")

    assert graph.read_text() == '<svg><text id="title" x="1">100 orders</text><g>kept</g></svg>'


def test_results_are_kept(tmp_path: Path) -> None:
    """What is written is read again, with as many digits as mean something."""
    kept, found = tmp_path / "kept.json", results(ours=0.123456)
    found.failures.append("something")

    found.write(kept)
    again = Results.read(kept)

    assert found.about == again.about
    assert ["something"] == again.failures
    assert again.tables["services"][OURS.name]["cpu_ms"][0] == pytest.approx(0.1235)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("--part", "nothing"), "services", id="no such part"),
        pytest.param(("--smoke", "--only", "nobody"), "'nobody'", id="no such system"),
    ],
)
def test_misused(arguments: tuple[str, ...], told: str) -> None:
    """What could only measure nothing is refused in words."""
    command = (sys.executable, "-m", "bench", *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert told in done.stderr
