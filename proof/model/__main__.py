"""`python -m proof.model`: the rules hold, and without any one of them they do not."""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from orchestrator.saga.table import ORDER_SAGA
from proof.model.bounds import ALL_WORLDS, DEEP_WORLDS, TWO_SLEEPERS, Bounds
from proof.model.rules import ALL_RULES, Rule
from proof.model.verdict import Searched, searched, story_without

_MOST_WORKERS: Final = 4
_MOST_LATE: Final = 3
"""Each worker or late request more is ten times the states; beyond these no memory suffices."""


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 0 when the rules hold and each removal breaks them."""
    wanted = _parser().parse_args(arguments)
    began = time.process_time()
    if wanted.without is not None:
        good = _breaks(Rule[wanted.without])
    elif wanted.workers is not None:
        good = _holds([Bounds("asked for", wanted.workers, wanted.late, clocks=False)])
    else:
        holds = _holds(DEEP_WORLDS if wanted.deep else ALL_WORLDS)
        broken = [_breaks(rule) for rule in Rule]
        good = holds and all(broken)
    seconds = time.process_time() - began
    print(f"{'As it must be' if good else 'NOT AS IT MUST BE'}; {seconds:.1f} s of CPU time")
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.model", description=__doc__)
    names = [rule.name for rule in Rule]
    parser.add_argument("--without", choices=names, metavar="RULE", help=", ".join(names))
    parser.add_argument(
        "--workers",
        type=int,
        choices=range(1, _MOST_WORKERS + 1),
        help="search one world: so many workers at once, none of which keeps to its lease",
    )
    parser.add_argument(
        "--late",
        type=int,
        choices=range(_MOST_LATE + 1),
        default=TWO_SLEEPERS.late,
        help="with --workers: so many late requests at once (default %(default)s)",
    )
    parser.add_argument(
        "--deep", action="store_true", help="one late request more everywhere; a minute"
    )
    return parser


def _holds(worlds: Sequence[Bounds]) -> bool:
    way = " → ".join(step.name for step in ORDER_SAGA)
    print(f"{way}, with all {len(ALL_RULES)} rules. Exhaustive within:\n")
    hold = [_show_whole(searched(ORDER_SAGA, ALL_RULES, bounds)) for bounds in worlds]
    return all(hold)


def _show_whole(found: Searched) -> bool:
    result = found.result
    print(f"  {found.bounds.name}: {found.bounds}")
    print(
        f"    {result.states:,} states, {result.ways:,} moves, "
        f"{result.depth} deep, {result.seconds:.1f} s"
    )
    if found.holds:
        print("    holds\n")
    elif result.violation is None:
        print(f"    PROVES NOTHING: never seen: {found.in_vain}\n")
    else:
        print("    BREAKS")
        _show_story(found)
    return found.holds


def _breaks(rule: Rule) -> bool:
    print(f"  Without {rule.name} ({rule.statement}; section {rule.section})")
    found = story_without(ORDER_SAGA, rule)
    if found is None:
        print("    IT HOLDS ALL THE SAME: the rule is not needed, or the model does not see why\n")
        return False
    print(f"    breaks in {len(found.story)} moves ({found.bounds.name})")
    _show_story(found)
    return True


def _show_story(found: Searched) -> None:
    for number, line in enumerate(found.lines, 1):
        print(f"    {number:4} {line}")
    print(f"       → {found.result.violation}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
