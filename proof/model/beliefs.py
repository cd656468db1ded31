"""What workers believe, numbered: a number for each `Progress`, so that states stay small."""

from collections.abc import Hashable
from itertools import product

from orchestrator.domain import OrderStatus
from orchestrator.saga.progress import Progress
from orchestrator.saga.step import Step
from proof.model.deciding import Decider, Plan, Reply, Write
from proof.model.equivalence import representatives
from proof.model.rules import Rule

_WRITTEN = "written"
"""The letter of the edge that a written decision leads along; calls have a reply and a doubt."""


class Beliefs:
    """All beliefs of all workers of one saga under `rules`, whatever they are answered.

    Of beliefs that lead to the same behaviour for ever, whatever comes, one stands for all; unless
    `merged` is false.
    """

    def __init__(self, saga: tuple[Step, ...], rules: frozenset[Rule], *, merged: bool) -> None:
        self._decider = Decider(saga, rules)
        self._numbers: dict[Hashable, int] = {}
        self._progress: list[Progress] = []
        self._edges: list[dict[Hashable, int]] = []
        self._fresh = self._number(Progress())
        self._inherited = self._find_inherited()
        self.plans: list[Plan] = []
        self.hand_overs: list[Write] = []
        """By belief: what is written when the worker's replica shuts down."""
        self._find_all()
        self._one_of = self._alike() if merged else list(range(len(self.plans)))
        self.doubt_matters = [self._doubt_matters(edges) for edges in self._edges]
        """By belief: whether an unanswered try of its call makes any difference."""
        self.when_passed = self._alike_when_passed()
        """By belief: that of a worker which will lose its next write, and stop there; None when
        that is the very next thing it does."""

    def fresh(self) -> int:
        """Of the worker that has just created the order."""
        return self._one_of[self._fresh]

    def inherited(self, status: OrderStatus, *, pivot: bool, too_old: bool) -> int:
        """Of a worker that has just taken the order over."""
        return self._one_of[self._inherited[status, pivot, too_old]]

    def heard(self, belief: int, reply: Reply, *, doubt: bool) -> int:
        """After its call; `doubt`: a try of it was never answered."""
        return self._one_of[self._edges[belief][reply, doubt]]

    def answered(self, belief: int, *, done: bool) -> int:
        """After a call to which the upstream said yes or no at once."""
        return self.heard(belief, Reply.DONE if done else Reply.REFUSED, doubt=False)

    def written(self, belief: int) -> int:
        """After the decision to compensate was written."""
        return self._one_of[self._edges[belief][_WRITTEN]]

    def _find_inherited(self) -> dict[tuple[OrderStatus, bool, bool], int]:
        found = {}
        for status in (OrderStatus.PENDING, OrderStatus.COMPENSATING):
            for pivot, too_old in product((False, True), repeat=2):
                progress = self._decider.inherited(status, pivot=pivot, too_old=too_old)
                found[status, pivot, too_old] = self._number(progress)
        return found

    def _number(self, progress: Progress) -> int:
        progress = self._decider.settled(progress)
        key = _key(progress)
        if key not in self._numbers:
            self._numbers[key] = len(self._progress)
            self._progress.append(progress)
        return self._numbers[key]

    def _find_all(self) -> None:
        """Every belief that any sequence of answers can lead to: the list grows as it is read."""
        for progress in self._progress:
            plan = self._decider.plan(progress)
            self.plans.append(plan)
            self.hand_overs.append(self._decider.hand_over(progress))
            self._edges.append(self._edges_of(progress, plan))

    def _edges_of(self, progress: Progress, plan: Plan) -> dict[Hashable, int]:
        edges: dict[Hashable, int] = {}
        if plan.call is not None:
            for reply, doubt in product(Reply, (False, True)):
                heard = self._decider.heard(progress, plan.call, reply, doubt=doubt)
                edges[reply, doubt] = self._number(heard)
        elif plan.write is not None and plan.write.keeps:
            edges[_WRITTEN] = self._number(progress.compensating())
        return edges

    def _alike(self) -> list[int]:
        shown = list(zip(self.plans, self.hand_overs, strict=True))
        return representatives(shown, self._edges)

    def _doubt_matters(self, edges: dict[Hashable, int]) -> bool:
        if len(edges) <= 1:
            return False
        ends = {letter: self._one_of[end] for letter, end in edges.items()}
        refused = ends[Reply.REFUSED, False] != ends[Reply.REFUSED, True]
        return refused or ends[Reply.UNSENT, False] != ends[Reply.SILENCE, True]

    def _alike_when_passed(self) -> list[int | None]:
        calls = [plan.call for plan in self.plans]
        edges = [
            leads if call is not None else {}
            for call, leads in zip(calls, self._edges, strict=True)
        ]
        alike = representatives(calls, edges)
        return [None if calls[belief] is None else belief for belief in alike]


def _key(progress: Progress) -> Hashable:
    """What the decider looks at; the other members are for people to read."""
    return (
        progress.status,
        tuple(sorted(progress.acts.items())),
        tuple(sorted(progress.undos.items())),
        progress.begun,
        progress.inherited,
        progress.give_up,
        progress.pivot_recorded,
    )
