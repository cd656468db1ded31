"""The decider: from the table of steps and what is known, the one thing to do next. Pure.

It *is* the compensation stack: what is to be undone is everything that has begun, newest first. A
step whose outcome is unknown has begun; after a takeover every step has.
"""

from dataclasses import dataclass
from typing import Final

from orchestrator.domain import OrderStatus
from orchestrator.saga.progress import Progress
from orchestrator.saga.step import Outcome, Step, Undo


@dataclass(frozen=True, slots=True)
class Act:
    """Perform the step."""

    step: Step


@dataclass(frozen=True, slots=True)
class Compensate:
    """Write down the decision to go back; nothing may be undone before."""


@dataclass(frozen=True, slots=True)
class UndoStep:
    """Take the step back."""

    step: Step
    undo: Undo


@dataclass(frozen=True, slots=True)
class Park:
    """Leave the order for later: it can neither be finished now nor given up."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Write the order's final status."""

    status: OrderStatus


Move = Act | Compensate | UndoStep | Park | Finish

_DONE: Final = Outcome.DONE
"""By name: to look a member up in its enum costs more than to compare it, before Python 3.12."""


def next_move(saga: tuple[Step, ...], progress: Progress) -> Move:
    """What to do now with an order that is not final."""
    if progress.status is OrderStatus.COMPENSATING:
        return _back(saga, progress)
    return _forward(saga, progress)


def _forward(saga: tuple[Step, ...], progress: Progress) -> Move:
    if progress.give_up and not progress.passed_pivot(saga):
        return _turn_back(saga, progress)
    acts = progress.acts
    for step in saga:
        outcome = acts.get(step.name)
        if outcome is _DONE:
            continue
        if outcome is None:
            return Act(step)
        if outcome is Outcome.REJECTED or not progress.passed_pivot(saga):
            return _turn_back(saga, progress)
        return Park()
    return Finish(OrderStatus.CONFIRMED)


def _turn_back(saga: tuple[Step, ...], progress: Progress) -> Move:
    """Where nothing has begun there is nothing to take back, and nothing to decide first."""
    if any(progress.has_begun(step) for step in saga):
        return Compensate()
    return Finish(OrderStatus.FAILED)


def _back(saga: tuple[Step, ...], progress: Progress) -> Move:
    for step in reversed(saga):
        if step.undo is None or not progress.has_begun(step):
            continue
        match progress.undos.get(step.name):
            case None:
                return UndoStep(step, step.undo)
            case Outcome.DONE:
                continue
            case _:
                # One after the other, newest first: what was begun earlier is not taken back
                # before.
                return Park()
    return Finish(OrderStatus.FAILED)
