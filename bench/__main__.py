"""Measure this service beside others that make the same calls, in one run and in turns.

A whole run is written into docs/performance.md, docs/performance/ and bench/results/latest.json.
Exits with 1 when something could not be measured because an answer was wrong.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench import cpu, limits, side_by_side, sweeps
from bench.about import about, commanded
from bench.publish import publish
from bench.results import Results
from bench.run import FULL, SMOKE, Run

_MISUSED: Final = 2

PARTS: Final[Mapping[str, Callable[[Run, side_by_side.Chosen], None]]] = {
    "services": side_by_side.services,
    "whole": side_by_side.whole_systems,
    "items": lambda run, _: sweeps.by_items_and_in_flight(run),
    "latency": lambda run, _: sweeps.by_latency(run),
    "replicas": lambda run, _: sweeps.by_replicas(run),
    "overload": lambda run, _: limits.overload(run),
    "refusals": lambda run, _: limits.refusals(run),
    "memory": lambda run, _: limits.memory(run),
}

_BY_SYSTEM: Final = ("services", "whole")
"""The parts in which others are measured too; in the rest there is only this service."""

_NOT_IN_SMOKE: Final = ("latency", "replicas", "memory")
"""Each starts replicas of its own, and has nothing in it that the other parts have not."""


def main() -> int:
    """Measure, keep, write; return the exit code."""
    asked = _arguments()
    if not cpu.available():
        sys.stderr.write("this bench reads /proc and ties processes to cores: it needs Linux\n")
        return _MISUSED
    if asked.publish:
        publish(Results.read(asked.publish))
        return 0
    run = Run(Results(about(commanded(sys.argv[1:]))), SMOKE if asked.smoke else FULL)
    only = asked.only.lower()
    for name in _parts(asked):
        PARTS[name](run, lambda system: only in system.lower())
    if not run.results.tables and not run.results.failures:
        sys.stderr.write(f"there is nothing to measure: no system here has {only!r} in its name\n")
        return _MISUSED
    if asked.into:
        run.results.write(asked.into)
    elif not (asked.smoke or asked.only or asked.part):
        publish(run.results)
    for line in run.results.failures:
        sys.stderr.write(f"✗ {line}\n")
    return 1 if run.results.failures else 0


def _parts(asked: argparse.Namespace) -> list[str]:
    if asked.part:
        return [asked.part]
    if asked.only:
        return list(_BY_SYSTEM)
    return [name for name in PARTS if not (asked.smoke and name in _NOT_IN_SMOKE)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="whether it works; no figure counts")
    parser.add_argument("--only", default="", metavar="NAME", help="systems with this in the name")
    parser.add_argument("--part", choices=list(PARTS), help="this part of it only")
    parser.add_argument("--into", type=Path, metavar="FILE", help="write there, as JSON, no page")
    parser.add_argument("--publish", type=Path, metavar="FILE", help="such a file; measure nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
