"""How far an order has come, as far as the worker that holds it knows."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from orchestrator.domain import Event, Failure, OrderStatus
from orchestrator.saga.step import Outcome, Step

_DONE: Final = Outcome.DONE

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

LONGEST_TIMELINE: Final = 80
"""Events kept with an order. A good order has 5 and a failed one up to 9; the rest is room for
rounds of undo against a broken upstream, of which the first and the latest matter."""

_KEPT_FROM_START: Final = 40
"""So many of them tell how the order went before it got stuck; the others are the latest."""


_UNTOUCHED: Final = 4
"""Fields of `Progress` before those that a step leaves as they are."""


class Progress(NamedTuple):
    """What the pure decider decides on.

    `status`, `pivot_recorded`, `compensated`, `failure`, `kept` and `timeline` are durable; `acts`,
    `undos` and `begun` are of this run only. `inherited`: another worker had the order before, so
    every step counts as begun. `give_up`: recovered too late to go on forward. `trouble`: the last
    thing that stood in the way, in words.
    """

    acts: Mapping[str, Outcome] = _NOTHING
    begun: frozenset[str] = frozenset()
    kept: Mapping[str, Any] = _NOTHING
    timeline: tuple[Event, ...] = ()
    # A step that is done changes those above (see `acted`), and nothing below.
    status: OrderStatus = OrderStatus.PENDING
    undos: Mapping[str, Outcome] = _NOTHING
    inherited: bool = False
    give_up: bool = False
    pivot_recorded: bool = False
    compensated: bool = False
    failure: Failure | None = None
    trouble: str | None = None
    retry_after_s: float | None = None

    def has_begun(self, step: Step) -> bool:
        """Whether the step may have had an effect, by this worker or by one before it."""
        return self.inherited or step.name in self.begun

    def passed_pivot(self, saga: tuple[Step, ...]) -> bool:
        """Whether the pivot is known to have succeeded: from here on trouble is retried forward."""
        if self.pivot_recorded:
            return True
        acts = self.acts
        for name in _pivots(saga):  # a loop, not any(): it is asked five times an order  # noqa: SIM110
            if acts.get(name) is _DONE:
                return True
        return False

    def acted(
        self,
        step: Step,
        outcome: Outcome,
        *,
        begun: bool,
        kept: Mapping[str, Any],
        line: Event | None = None,
    ) -> "Progress":
        """After the step's call, which `line` tells of."""
        kept = {**self.kept, **kept} if kept else self.kept
        timeline = self.timeline if line is None else _longer(self.timeline, line)
        acts = {**self.acts, step.name: outcome}
        names = self.begun | {step.name} if begun else self.begun
        # Not `_replace`: it takes three times as long, five times an order.
        return Progress._make((acts, names, kept, timeline, *self[_UNTOUCHED:]))

    def undid(self, step: Step, outcome: Outcome, *, line: Event | None = None) -> Self:
        """After the call of the step's undo, which `line` tells of."""
        return self.but(
            undos={**self.undos, step.name: outcome},
            timeline=self.timeline if line is None else _longer(self.timeline, line),
        )

    def compensating(self) -> Self:
        """After the decision to compensate has been written."""
        return self.but(status=OrderStatus.COMPENSATING, compensated=True)

    def noted(self, event: Event) -> Self:
        """With one more line in the timeline."""
        return self.but(timeline=_longer(self.timeline, event))

    def but(self, **changes: Any) -> Self:  # noqa: ANN401 - as `_replace` has it
        """A copy with other values."""
        return self._replace(**changes)


@lru_cache
def _pivots(saga: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(step.name for step in saga if step.pivot)


def _longer(timeline: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    """With one more line; it stays bounded."""
    timeline = (*timeline, event)
    if len(timeline) > LONGEST_TIMELINE:
        timeline = timeline[:_KEPT_FROM_START] + timeline[_KEPT_FROM_START + 1 :]
    return timeline
