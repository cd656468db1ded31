"""What was aimed at, as ratios within one run, and what this run came to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.results import Results
from bench.systems import AIOHTTP, FASTIFY, FLOOR, HTTPX_SHARED, NET_HTTP, OURS, System
from bench.whole import DBOS, OURS_WHOLE, WholeSystem


@dataclass(frozen=True)
class Goal:
    """How much less (or no more) CPU an order may cost than with the other."""

    other: System | WholeSystem
    must: float
    stretch: float
    table: str = "services"
    at_most: bool = False
    """The floor's: our cost over its cost, the less the better. All others': its cost over ours."""


GOALS: Final = (
    Goal(FLOOR, 4.0, 3.0, at_most=True),
    Goal(HTTPX_SHARED, 20, 30),
    Goal(AIOHTTP, 1.7, 2.5),
    Goal(FASTIFY, 0.75, 1.1),
    Goal(NET_HTTP, 0.5, 0.8),
    Goal(DBOS, 15, 25, table="whole"),
)
"""The figures are those the project set out with."""


@dataclass(frozen=True)
class Outcome:
    """One goal and the ratio of this run; None when one of the two was not measured."""

    goal: Goal
    ratio: float | None

    @property
    def verdict(self) -> str:
        """In one word or two."""
        if self.ratio is None:
            return "not measured"
        reached = [self._meets(bound) for bound in (self.goal.must, self.goal.stretch)]
        return {0: "missed", 1: "must", 2: "stretch"}[sum(reached)]

    def _meets(self, bound: float) -> bool:
        if self.ratio is None:
            return False
        return self.ratio <= bound if self.goal.at_most else self.ratio >= bound


def outcomes(results: Results) -> Iterator[Outcome]:
    """Each goal with its ratio, from the medians of CPU per order."""
    for goal in GOALS:
        ours = OURS_WHOLE if goal.table == "whole" else OURS
        mine = results.median(goal.table, ours.name, "cpu_ms")
        theirs = results.median(goal.table, goal.other.name, "cpu_ms")
        if mine is None or theirs is None:
            yield Outcome(goal, None)
        else:
            yield Outcome(goal, mine / theirs if goal.at_most else theirs / mine)
