"""The decider by example: each line is a history of an order and the move that follows it.

A history is a list of words. `reserve:done` is what came of a step, `undo-ship:done` of its undo;
`reserve:refused-in-doubt` was refused after a try that may have been carried out. `compensating`:
the decision is written; `inherited`: another worker had the order; `late`: found too late;
`pivot`: it is written that the pivot is passed.
"""

from typing import Final

import pytest

from orchestrator.domain import OrderStatus
from orchestrator.saga.next_move import Act, Compensate, Finish, Move, Park, UndoStep, next_move
from orchestrator.saga.progress import Progress
from orchestrator.saga.step import Outcome, Step
from orchestrator.saga.table import ORDER_SAGA

STEPS = {step.name: step for step in ORDER_SAGA}
BEGINS = {Outcome.DONE, Outcome.UNKNOWN}

FORWARD: Final = [
    ("", "act reserve"),
    ("reserve:done", "act authorize"),
    ("reserve:done authorize:done", "act ship"),
    ("reserve:done authorize:done ship:done", "act capture"),
    ("reserve:done authorize:done ship:done capture:done", "act commit"),
    ("reserve:done authorize:done ship:done capture:done commit:done", "finish CONFIRMED"),
]
"""All goes well."""

TURNS: Final = [
    ("reserve:rejected", "finish FAILED"),
    ("reserve:unsent", "finish FAILED"),
    ("reserve:unknown", "compensate"),
    ("reserve:refused-in-doubt", "compensate"),
    ("reserve:done authorize:rejected", "compensate"),
    ("reserve:done authorize:unsent", "compensate"),
    ("reserve:done authorize:unknown", "compensate"),
    ("reserve:done authorize:done ship:rejected", "compensate"),
    ("reserve:done authorize:done ship:unknown", "compensate"),
    ("reserve:done authorize:done ship:done capture:rejected", "compensate"),
    ("reserve:done authorize:done ship:done capture:unknown", "compensate"),
    ("reserve:done authorize:done ship:done capture:unsent", "compensate"),
]
"""Before the pivot is known to have succeeded, whatever is not done ends in compensation."""

PIVOT: Final = [
    ("reserve:done authorize:done ship:done capture:done commit:unknown", "park"),
    ("reserve:done authorize:done ship:done capture:done commit:unsent", "park"),
    ("reserve:done authorize:done ship:done capture:done commit:rejected", "compensate"),
    ("inherited pivot", "act reserve"),
    ("inherited pivot late", "act reserve"),
    ("inherited pivot reserve:unknown", "park"),
    ("inherited pivot late reserve:unsent", "park"),
    ("inherited pivot reserve:rejected", "compensate"),
    ("inherited pivot reserve:done authorize:done ship:done capture:unknown", "park"),
    ("inherited pivot reserve:done authorize:done ship:done capture:rejected", "compensate"),
]
"""After it, trouble is left for later, age does not count, and only a refusal turns back."""

TAKEOVER: Final = [
    ("inherited", "act reserve"),
    ("inherited reserve:done", "act authorize"),
    ("inherited late", "compensate"),
    ("inherited reserve:unsent", "compensate"),
    ("inherited reserve:rejected", "compensate"),
    ("inherited reserve:done authorize:rejected", "compensate"),
]
"""A successor goes on forward, or back when it comes too late; for it everything has begun."""

BACK: Final = [
    ("reserve:unknown compensating", "undo reserve"),
    ("reserve:unknown compensating undo-reserve:done", "finish FAILED"),
    ("reserve:done authorize:rejected compensating", "undo reserve"),
    ("reserve:done authorize:unknown compensating", "undo authorize"),
    ("reserve:done authorize:unknown compensating undo-authorize:done", "undo reserve"),
    ("reserve:done authorize:done ship:rejected compensating", "undo authorize"),
    ("reserve:done authorize:done ship:done capture:rejected compensating", "undo ship"),
    ("reserve:done authorize:done ship:unknown compensating undo-ship:unknown", "park"),
    ("reserve:done authorize:done ship:unknown compensating undo-ship:rejected", "park"),
    ("reserve:done authorize:done ship:unknown compensating undo-ship:unsent", "park"),
    ("inherited compensating", "undo ship"),
    ("inherited compensating undo-ship:done", "undo authorize"),
    ("inherited compensating undo-ship:done undo-authorize:done", "undo reserve"),
    (
        "inherited compensating undo-ship:done undo-authorize:done undo-reserve:done",
        "finish FAILED",
    ),
    ("inherited compensating pivot", "undo ship"),
    ("inherited compensating undo-ship:done undo-authorize:unknown", "park"),
]
"""What began is undone, newest first; an undo that does not succeed leaves the rest for later."""


@pytest.mark.parametrize(("history", "expected"), [*FORWARD, *TURNS, *PIVOT, *TAKEOVER, *BACK])
def test_the_history_decides_the_move(history: str, expected: str) -> None:
    """The next move follows from the table and what is known, and from nothing else."""
    assert expected == _told(next_move(ORDER_SAGA, _progress(history)))


def _progress(history: str) -> Progress:
    words = history.split()
    progress = Progress(
        inherited="inherited" in words, give_up="late" in words, pivot_recorded="pivot" in words
    )
    for word in words:
        subject, _, result = word.partition(":")
        if subject.startswith("undo-"):
            progress = progress.undid(STEPS[subject.removeprefix("undo-")], Outcome(result))
        elif subject in STEPS:
            progress = _acted(progress, STEPS[subject], result)
    return progress.compensating() if "compensating" in words else progress


def _acted(progress: Progress, step: Step, result: str) -> Progress:
    if result == "refused-in-doubt":
        return progress.acted(step, Outcome.REJECTED, begun=True, kept={})
    outcome = Outcome(result)
    return progress.acted(step, outcome, begun=outcome in BEGINS, kept={})


def _told(move: Move) -> str:
    match move:
        case Act(step):
            return f"act {step.name}"
        case UndoStep(step, _):
            return f"undo {step.name}"
        case Finish(status):
            return f"finish {status}"
        case Compensate():
            return "compensate"
        case Park():
            return "park"


@pytest.mark.parametrize(
    ("step", "operation"), [("reserve", "release"), ("authorize", "refund"), ("ship", "cancel")]
)
def test_a_step_is_taken_back_by_its_own_undo(step: str, operation: str) -> None:
    """The move carries the undo that the table has for the step."""
    others = {name: Outcome.DONE for name in STEPS if name != step}
    move = next_move(
        ORDER_SAGA, Progress(status=OrderStatus.COMPENSATING, inherited=True, undos=others)
    )

    assert isinstance(move, UndoStep)
    assert operation == move.undo.operation


def test_the_table_reads_as_the_protocol_says() -> None:
    """Five steps in order, one pivot, and an undo where no earlier one covers the step."""

    def told(step: Step) -> tuple[str, str, str | None, bool]:
        return step.name, step.upstream, step.undo.operation if step.undo else None, step.pivot

    assert [
        ("reserve", "inventory", "release", False),
        ("authorize", "payment", "refund", False),
        ("ship", "shipping", "cancel", False),
        ("capture", "payment", None, True),
        ("commit", "inventory", None, False),
    ] == [told(step) for step in ORDER_SAGA]


def test_an_empty_saga_is_confirmed_at_once() -> None:
    """Where nothing is to be done nothing can fail."""
    assert Finish(OrderStatus.CONFIRMED) == next_move((), Progress())
