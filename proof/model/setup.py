"""What stays the same during one search: the saga, the rules, and how much may go on at once."""

from functools import lru_cache
from typing import Final

from orchestrator.saga.step import Step
from proof.model.beliefs import Beliefs
from proof.model.books import Participants
from proof.model.bounds import Bounds
from proof.model.deciding import DECIDING
from proof.model.rules import Rule

_MOST_BELIEFS: Final = 64
"""More sagas and removed rules than any one process searches; each takes a tenth of a second."""


@lru_cache(maxsize=_MOST_BELIEFS)
def _beliefs_of(saga: tuple[Step, ...], rules: frozenset[Rule], *, merged: bool) -> Beliefs:
    return Beliefs(saga, rules, merged=merged)


class Setup:
    """The fixed parts of a search over `saga` with `rules` within `bounds`.

    `reduced`: states that differ in nothing that can ever be seen are visited once. Without, the
    search is slower and sees the same; the tests say so.
    """

    def __init__(
        self,
        saga: tuple[Step, ...],
        rules: frozenset[Rule],
        bounds: Bounds,
        *,
        reduced: bool = True,
    ) -> None:
        if not bounds.clocks:
            rules -= {Rule.FENCE}
        self.bounds = bounds
        self.reduced = reduced
        self.participants = Participants(saga, rules)
        self.beliefs = _beliefs_of(saga, rules & DECIDING, merged=reduced)
        # Asked at every move: a set of enum members is slow to ask.
        self.fence = Rule.FENCE in rules
        self.version_check = Rule.VERSION_CHECK in rules
        self.way_back = Rule.NO_WAY_BACK not in rules
        self.loser_stops = Rule.LOSER_STOPS in rules
        self.answer_last = Rule.ANSWER_LAST in rules

    @property
    def passed_are_harmless(self) -> bool:
        """Whether a worker that has lost its version has only calls to make until it stops."""
        return self.reduced and self.loser_stops and self.version_check
