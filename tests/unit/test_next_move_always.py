"""What the decider does whatever comes: any table of steps, any outcomes, any takeovers."""

from dataclasses import dataclass, field
from typing import Final, Never

from hypothesis import given
from hypothesis import strategies as st

from clients.call import CallLimits
from orchestrator.domain import Order, OrderStatus
from orchestrator.saga.next_move import Act, Compensate, Finish, Move, Park, UndoStep, next_move
from orchestrator.saga.progress import Progress
from orchestrator.saga.step import Outcome, Step, Undo, Upstreams

MOST_MOVES: Final = 100
"""Of a run: eight steps, a decision, eight undos and an end are 18; more is a loop."""


async def _never(_: Upstreams, __: Order, ___: CallLimits) -> Never:
    raise AssertionError


@st.composite
def _sagas(draw: st.DrawFn) -> tuple[Step, ...]:
    """Give tables of one to eight steps, some without an undo, at most one of them the pivot."""
    undoable = draw(st.lists(st.booleans(), min_size=1, max_size=8))
    pivot = draw(st.none() | st.integers(0, len(undoable) - 1))
    return tuple(
        Step(
            name=f"step-{place}",
            upstream="any",
            action=_never,
            undo=Undo(f"undo-{place}", _never) if has_undo else None,
            pivot=place == pivot,
        )
        for place, has_undo in enumerate(undoable)
    )


@dataclass
class Run:
    """One worker's way with an order: the moves it made, and what it then knew."""

    saga: tuple[Step, ...]
    started: Progress
    moves: list[Move] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    ended: Progress = field(default_factory=Progress)

    @property
    def end(self) -> Move:
        """The move that ended it."""
        return self.moves[-1]

    @property
    def undone(self) -> list[str]:
        """The steps whose undo was asked for, in order."""
        return [move.step.name for move in self.moves if isinstance(move, UndoStep)]

    def place(self, step_name: str) -> int:
        """Where in the table the step is."""
        return [step.name for step in self.saga].index(step_name)


def _run(data: st.DataObject, saga: tuple[Step, ...], progress: Progress) -> Run:
    run = Run(saga, progress)
    while len(run.moves) < MOST_MOVES:
        move = next_move(saga, progress)
        run.moves.append(move)
        match move:
            case Act(step):
                outcome = data.draw(st.sampled_from(Outcome))
                begun = outcome in {Outcome.DONE, Outcome.UNKNOWN} or (
                    outcome is Outcome.REJECTED and data.draw(st.booleans())
                )
                if begun:
                    run.begun.append(step.name)
                progress = progress.acted(step, outcome, begun=begun, kept={})
            case UndoStep(step, _):
                progress = progress.undid(step, data.draw(st.sampled_from(Outcome)))
            case Compensate():
                progress = progress.compensating()
            case Park() | Finish():
                break
    run.ended = progress
    return run


def _fresh(data: st.DataObject) -> Run:
    return _run(data, data.draw(_sagas()), Progress())


def _taken_over(data: st.DataObject) -> Run:
    progress = Progress(
        status=data.draw(st.sampled_from([OrderStatus.PENDING, OrderStatus.COMPENSATING])),
        inherited=True,
        give_up=data.draw(st.booleans()),
        pivot_recorded=data.draw(st.booleans()),
    )
    return _run(data, data.draw(_sagas()), progress)


def _any(data: st.DataObject) -> Run:
    return data.draw(st.sampled_from([_fresh, _taken_over]))(data)


@given(st.data())
def test_a_run_always_ends(data: st.DataObject) -> None:
    """After finitely many moves the order is final or left for later."""
    run = _any(data)

    assert isinstance(run.end, Park | Finish)


@given(st.data())
def test_no_undo_before_the_decision(data: st.DataObject) -> None:
    """An undo follows a written decision to compensate, by this worker or by one before it."""
    run = _any(data)
    decided = run.started.status is OrderStatus.COMPENSATING

    for move in run.moves:
        decided = decided or isinstance(move, Compensate)
        assert decided or not isinstance(move, UndoStep)


@given(st.data())
def test_undos_go_newest_first_and_each_once(data: st.DataObject) -> None:
    """Steps are taken back in the reverse of the table's order, none twice in one run."""
    run = _any(data)
    places = [run.place(name) for name in run.undone]

    assert sorted(set(places), reverse=True) == places


@given(st.data())
def test_everything_begun_is_undone(data: st.DataObject) -> None:
    """An order that ends FAILED has had every step undone that may have had an effect."""
    run = _fresh(data)
    if run.end != Finish(OrderStatus.FAILED):
        return
    to_undo = {step.name for step in run.saga if step.undo is not None}

    assert to_undo & set(run.begun) == set(run.undone)
    assert all(run.ended.undos[name] is Outcome.DONE for name in run.undone)


@given(st.data())
def test_after_a_takeover_everything_is_undone(data: st.DataObject) -> None:
    """A successor that brings an order to FAILED has undone every step, begun by it or not."""
    run = _taken_over(data)
    if run.end != Finish(OrderStatus.FAILED):
        return

    assert [step.name for step in reversed(run.saga) if step.undo is not None] == run.undone


@given(st.data())
def test_confirmed_means_that_every_step_is_done(data: st.DataObject) -> None:
    """CONFIRMED follows when each step has succeeded in this run, and nothing was taken back."""
    run = _any(data)
    if run.end != Finish(OrderStatus.CONFIRMED):
        return

    assert [step.name for step in run.saga] == run.begun
    assert not run.undone


@given(st.data())
def test_compensating_never_goes_forward(data: st.DataObject) -> None:
    """Once the decision is written no step is performed and the order is not confirmed."""
    run = _any(data)
    back = run.started.status is OrderStatus.COMPENSATING

    for move in run.moves:
        assert not (back and isinstance(move, Act | Compensate))
        assert not (back and move == Finish(OrderStatus.CONFIRMED))
        back = back or isinstance(move, Compensate)


@given(st.data())
def test_past_the_pivot_only_a_refusal_turns_back(data: st.DataObject) -> None:
    """Trouble after the pivot leaves the order for later, for its age it is never sent back."""
    run = _any(data)
    pending = run.started.status is OrderStatus.PENDING
    if not (pending and run.ended.passed_pivot(run.saga)):
        return
    refused = Outcome.REJECTED in run.ended.acts.values()

    assert refused == any(isinstance(move, Compensate) for move in run.moves)


@given(st.data())
def test_before_the_pivot_nothing_is_parked_on_the_way_forward(data: st.DataObject) -> None:
    """An order that is left PENDING is one that was charged."""
    run = _any(data)
    if run.end != Park() or run.ended.status is not OrderStatus.PENDING:
        return

    assert run.ended.passed_pivot(run.saga)


@given(st.data())
def test_steps_are_performed_in_the_order_of_the_table_and_each_once(data: st.DataObject) -> None:
    """No step begins before the one above it is done."""
    run = _any(data)
    acted = [move.step.name for move in run.moves if isinstance(move, Act)]

    assert [step.name for step in run.saga[: len(acted)]] == acted
    assert all(run.ended.acts[name] is Outcome.DONE for name in acted[:-1])


@given(st.data())
def test_round_after_round_an_order_comes_to_its_end(data: st.DataObject) -> None:
    """However often it is parked and taken over, it is final in the round in which all works."""
    run = _any(data)
    for _ in range(data.draw(st.integers(0, 3))):
        if isinstance(run.end, Park):
            run = _run(data, run.saga, _found_by_successor(run))
    if not isinstance(run.end, Park):
        return

    progress = _found_by_successor(run)
    while not isinstance(move := next_move(run.saga, progress), Finish):
        progress = _succeeding(progress, move)

    back = run.ended.status is OrderStatus.COMPENSATING
    assert (OrderStatus.FAILED if back else OrderStatus.CONFIRMED) == move.status


def _found_by_successor(run: Run) -> Progress:
    parked = run.ended
    passed = parked.pivot_recorded or parked.status is OrderStatus.PENDING
    return Progress(status=parked.status, inherited=True, pivot_recorded=passed)


def _succeeding(progress: Progress, move: Move) -> Progress:
    match move:
        case Act(step):
            return progress.acted(step, Outcome.DONE, begun=True, kept={})
        case UndoStep(step, _):
            return progress.undid(step, Outcome.DONE)
        case _:
            raise AssertionError(move)
