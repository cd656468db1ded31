"""Beyond pairs: triples and more, at random times, for as long as one likes.

A case is drawn from the seed and its number alone, and its id reproduces it exactly.
"""

import multiprocessing
import random
import time
from typing import Final

from orchestrator.saga.table import ORDER_SAGA
from proof.cases import Case
from proof.matrix import Base, bases, every_injection
from proof.stage import Stage
from proof.tally import Tally

_NUMBERS: Final = (3, 3, 3, 3, 4, 4, 5, 7)
"""How many injections a case has: mostly three, the first number that the matrix leaves out."""

_CHANCES: Final = 10**9
"""As many different schedules; the number is part of the case's id, so it stays readable."""


def search(jobs: int, *, seconds: float, seed: int) -> Tally:
    """Play cases until the time is over; a process that has found a red one stops there."""
    shares = [(number, jobs, seconds, seed) for number in range(jobs)]
    if jobs == 1:
        return _share(*shares[0])
    with multiprocessing.Pool(jobs) as pool:
        return Tally().merge(pool.starmap(_share, shares))


def drawn_case(of: tuple[Base, ...], seed: int, number: int) -> Case:
    """The case of this number."""
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 - a schedule, no secret
    base = draw.choice(of)
    possible = [one for one in every_injection(ORDER_SAGA) if one not in base.given]
    chosen = draw.sample(possible, draw.choice(_NUMBERS))
    return Case(base.name, base.given, tuple(chosen), draw.randrange(_CHANCES))


def _share(number: int, jobs: int, seconds: float, seed: int) -> Tally:
    """Every `jobs`-th case, from `number` on."""
    until, tally, of = time.monotonic() + seconds, Tally(), bases(ORDER_SAGA)
    with Stage() as stage:
        while time.monotonic() < until and not tally.red:
            tally.add(stage.play(drawn_case(of, seed, number)))
            number += jobs
    return tally
