"""Plays the matrix on several processes, in a fixed order, and adds up what came of it.

Every pair is decided; not every pair has to be played. Where the call that one of two faults awaits
is never made in the run with the other alone, the pair *is* that run, to the last microsecond: a
fault is nothing but an answer to its call. `every` plays those pairs too.
"""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.saga.table import ORDER_SAGA
from proof.cases import Case
from proof.matrix import all_cases
from proof.stage import Stage
from proof.tally import Tally

_CHUNK: Final = 50
"""Cases that a process takes at a time: half a second's work, so that all end at about the same
time and a red one is soon known."""

_STRIDE: Final = 37
"""Between one pair and the next: a prime, so that pairs of all kinds are met early."""

Said = Callable[[int], None]
"""Hears how many cases are decided."""

Met = Mapping[str, frozenset[str]]
"""By case, with one injection or none: the calls that a fault could have befallen."""


@dataclass(slots=True)
class _Part:
    """What a process has played."""

    tally: Tally = field(default_factory=Tally)
    met: dict[str, frozenset[str]] = field(default_factory=dict)


def campaign(
    jobs: int, *, every: bool = False, stop_at_red: bool = False, done: Said = lambda _: None
) -> Tally:
    """Decide the matrix; with `stop_at_red`, no further than to the first broken rule."""
    cases = list(all_cases(ORDER_SAGA))
    few = [index for index, case in enumerate(cases) if len(case.injected) < 2]  # noqa: PLR2004 - not a pair
    pairs = [index for index, case in enumerate(cases) if len(case.injected) == 2]  # noqa: PLR2004 - a pair
    total, met = Tally(), dict[str, frozenset[str]]()
    with _players(jobs) as play:
        for part in play(few):
            total.merge([part.tally])
            met |= part.met
            done(total.decided)
            if stop_at_red and total.red:
                return total
        open_pairs = pairs if every else list(_not_decided(cases, pairs, met, total))
        mixed = [index for start in range(_STRIDE) for index in open_pairs[start::_STRIDE]]
        for part in play(mixed):
            total.merge([part.tally])
            done(total.decided)
            if stop_at_red and total.red:
                return total
    return total


def is_decided_by(case: Case, met: Met) -> str | None:
    """The shorter case that a pair is the same run as; `None` when it must be played."""
    for one, other in (case.injected, reversed(case.injected)):
        shorter = Case(case.base, case.given, (one,)).id
        if other.call is not None and other.call.name not in met[shorter]:
            return shorter
    return None


def _not_decided(
    cases: Sequence[Case], pairs: Iterable[int], met: Met, total: Tally
) -> Iterator[int]:
    for index in pairs:
        case = cases[index]
        if is_decided_by(case, met) is None:
            yield index
        else:
            total.same[case.base] += 1


class _players:  # noqa: N801 - used like the functions of contextlib
    """Processes that play what they are given, or this one."""

    def __init__(self, jobs: int) -> None:
        self._pool = multiprocessing.Pool(jobs, initializer=_begin) if jobs > 1 else None
        if self._pool is None:
            _begin()

    def __enter__(self) -> Callable[[Sequence[int]], Iterator[_Part]]:
        return self._play

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.terminate()

    def _play(self, indexes: Sequence[int]) -> Iterator[_Part]:
        chunks = [indexes[at : at + _CHUNK] for at in range(0, len(indexes), _CHUNK)]
        return self._pool.imap(_play, chunks) if self._pool else map(_play, chunks)


_own: list[tuple[Stage, list[Case]]] = []
"""This process's stage and cases, made once; a pool's processes have no other place for it."""


def _begin() -> None:
    stage = Stage()
    stage.__enter__()
    _own.append((stage, list(all_cases(ORDER_SAGA))))


def _play(indexes: Sequence[int]) -> _Part:
    stage, cases = _own[-1]
    part = _Part()
    for index in indexes:
        outcome = stage.play(cases[index])
        part.tally.add(outcome)
        if len(outcome.case.injected) < 2:  # noqa: PLR2004 - not a pair
            part.met[outcome.case.id] = outcome.met
    return part
