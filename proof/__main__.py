"""`python -m proof`: the complete matrix; `--case ID`: one run's story; `--seconds N`: beyond."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

from orchestrator.saga.table import ORDER_SAGA
from proof.campaign import campaign
from proof.matrix import find_case
from proof.report import conclusion, report, totals, vacuous
from proof.search import search
from proof.stage import Stage
from proof.story import tell
from proof.tally import Red

_STORIES: Final = 3
"""So many red runs are told whole; one defect makes hundreds red, and they read alike."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 when a rule was broken or the proof is empty."""
    given = _parser().parse_args(arguments)
    if given.case is not None:
        return _one(given.case)
    if given.seconds is not None:
        return _search(given.jobs, given.seconds, given.seed)
    return _matrix(given.jobs, every=given.every, stop_at_red=given.stop_at_red)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("--case", metavar="ID", help="play one case and tell its story")
    parser.add_argument("--seconds", type=float, metavar="N", help="triples and more, at random")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of --seconds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--every", action="store_true", help="play pairs that are known runs too")
    parser.add_argument("--stop-at-red", action="store_true", help="end with the first red run")
    return parser


def _one(name: str) -> int:
    with Stage() as stage:
        try:
            case = find_case(stage.world.saga, name)
        except KeyError as unknown:
            sys.exit(f"there is no base or injection {unknown}; a case is BASE/INJECTION+INJECTION")
        outcome = stage.play(case)
    print(tell(outcome))
    return 1 if outcome.violations else 0


def _matrix(jobs: int, *, every: bool, stop_at_red: bool) -> int:
    began = time.monotonic()
    tally = campaign(jobs, every=every, stop_at_red=stop_at_red, done=_progress)
    for line in report(tally, ORDER_SAGA, time.monotonic() - began):
        print(line)
    _tell_some(tally.red)
    if stop_at_red and tally.red:
        return 1
    for line in conclusion(tally, ORDER_SAGA):
        print(line)
    return 1 if tally.red or vacuous(tally, ORDER_SAGA) else 0


def _search(jobs: int, seconds: float, seed: int) -> int:
    print(f"seed {seed}")
    tally = search(jobs, seconds=seconds, seed=seed)
    for line in totals(tally, seconds):
        print(line)
    _tell_some(tally.red)
    print(f"{'✗' if tally.red else '✓'} {len(tally.red)} of {tally.played} runs broke a rule")
    return 1 if tally.red else 0


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} runs", end="\r", file=sys.stderr)


def _tell_some(red: list[Red]) -> None:
    with Stage() as stage:
        for case in red[:_STORIES]:
            print(f"\n{tell(stage.play(find_case(stage.world.saga, case.case)))}")
    for case in red[_STORIES:][:50]:
        print(f"also {case.case}: {case.violations[0]}")


if __name__ == "__main__":
    sys.exit(main())
