"""What a worker does next: the product's own `Progress` and `next_move()`.

Nothing of the decider is written a second time here. What a worker would do otherwise, were a rule
left out, stands in this file and nowhere else.
"""

from enum import Enum
from typing import Final, NamedTuple

from clients.database import StoredOrder
from clients.errors import Rejected, Unreachable, UpstreamError
from orchestrator.domain import OrderStatus
from orchestrator.saga import next_move as moves
from orchestrator.saga.failure import outcome_of
from orchestrator.saga.progress import Progress
from orchestrator.saga.record import encode_progress, inherited_progress
from orchestrator.saga.step import Outcome, Step
from proof.model.operations import Operation, acts_of, undos_of
from proof.model.rules import Rule

DECIDING: Final = frozenset(Rule) - {
    Rule.TOMBSTONES,
    Rule.UNDO_ANYTHING,
    Rule.SAME_KEYS,
    Rule.VERSION_CHECK,
    Rule.FENCE,
    Rule.LOSER_STOPS,
    Rule.ANSWER_LAST,
}
"""The rules that a worker's decisions rest on; the others are kept by what is around it."""


class Write(NamedTuple):
    """A write of the order's record.

    `pivot`: it records that the pivot is passed. `refused`: it turns back because an upstream has
    definitely refused. `keeps`: the worker keeps the order, and its lease begins anew.
    """

    status: OrderStatus
    pivot: bool = False
    refused: bool = False
    keeps: bool = False


class Plan(NamedTuple):
    """The worker's next move: a call (of a step or of an undo), or a write."""

    call: Operation | None
    write: Write | None


class Reply(Enum):
    """How a call ended, as the worker sees it."""

    DONE = "done"
    REFUSED = "refused"
    SILENCE = "silence"
    """At least one try was never answered."""
    UNSENT = "unsent"
    """No try could even be sent."""


class Decider:
    """The decisions of every worker of one saga under `rules`."""

    def __init__(self, saga: tuple[Step, ...], rules: frozenset[Rule]) -> None:
        self._saga = saga
        self._rules = rules
        self._acts = acts_of(saga)
        self._undos = undos_of(saga)
        self._steps = {call.name: step for step in saga for call in self._calls_of(step)}

    def inherited(self, status: OrderStatus, *, pivot: bool, too_old: bool) -> Progress:
        """What a worker knows that has just taken the order over."""
        if Rule.NO_WAY_BACK not in self._rules:
            status = OrderStatus.PENDING
        stored = _stored(status, Progress(pivot_recorded=pivot))
        progress = inherited_progress(stored, give_up=too_old)
        return progress if Rule.ALL_BEGUN in self._rules else progress.but(inherited=False)

    def settled(self, progress: Progress) -> Progress:
        """The progress after what needs no move: the decision, where it is not written down."""
        decides = isinstance(self._decide(progress), moves.Compensate)
        unwritten = decides and Rule.DECISION_FIRST not in self._rules
        return progress.compensating() if unwritten else progress

    def plan(self, progress: Progress) -> Plan:
        """The next move."""
        match self._decide(progress):
            case moves.Act(step):
                return Plan(self._acts[step.name], None)
            case moves.UndoStep(step, _):
                return Plan(self._undos[step.name], None)
            case moves.Compensate():
                refused = Outcome.REJECTED in progress.acts.values()
                return Plan(None, Write(OrderStatus.COMPENSATING, refused=refused, keeps=True))
            case moves.Park():
                return Plan(None, self.hand_over(progress))
            case moves.Finish(status):
                return Plan(None, Write(status))

    def hand_over(self, progress: Progress) -> Write:
        """As the runner parks an order, or gives it up when its replica shuts down."""
        pending = progress.status is OrderStatus.PENDING
        passed = progress.passed_pivot(self._saga) and Rule.PIVOT_RECORDED in self._rules
        return Write(progress.status, pivot=pending and passed)

    def heard(self, progress: Progress, call: Operation, reply: Reply, *, doubt: bool) -> Progress:
        """The progress after the call; `doubt`: a try of it was never answered."""
        step = self._steps[call.name]
        outcome, begun = _told(reply, doubt=doubt)
        if call.name != step.name:
            return progress.undid(step, outcome)
        if outcome is not Outcome.DONE and Rule.UNDO_IN_DOUBT not in self._rules:
            begun = False
        return progress.acted(step, outcome, begun=begun, kept={})

    def _calls_of(self, step: Step) -> tuple[Operation, ...]:
        undo = self._undos.get(step.name)
        return (self._acts[step.name],) if undo is None else (self._acts[step.name], undo)

    def _decide(self, progress: Progress) -> moves.Move:
        back = progress.status is OrderStatus.COMPENSATING
        in_table_order = back and Rule.UNDO_IN_REVERSE not in self._rules
        move = moves.next_move(self._saga[::-1] if in_table_order else self._saga, progress)
        match move:
            case moves.Park() if back and Rule.UNDO_NOT_DROPPED not in self._rules:
                return moves.Finish(OrderStatus.FAILED)
            case moves.Park() if not back and Rule.PIVOT_FORWARD not in self._rules:
                return moves.Compensate()
            case moves.Compensate() if Rule.REFUSAL_GOES_BACK not in self._rules:
                return moves.Park() if progress.passed_pivot(self._saga) else move
        return move


def _told(reply: Reply, *, doubt: bool) -> tuple[Outcome, bool]:
    """The outcome, and whether the step has begun: by the product's own judgement of a failure."""
    failure: UpstreamError
    match reply:
        case Reply.DONE:
            return Outcome.DONE, True
        case Reply.REFUSED:
            failure = Rejected("upstream", "call", "refused", in_doubt=doubt)
        case Reply.SILENCE:
            failure = Unreachable("upstream", "call", "no answer in time", in_doubt=True)
        case Reply.UNSENT:
            failure = Unreachable("upstream", "call", "could not connect", in_doubt=doubt)
    return outcome_of(failure), failure.in_doubt


def _stored(status: OrderStatus, progress: Progress) -> StoredOrder:
    """A record as a successor reads it."""
    return StoredOrder(
        id="order",
        caller="",
        fingerprint="",
        status=status,
        version=1,
        owner=None,
        rounds=1,
        attention=None,
        created_at="",
        updated_at="",
        age_s=0.0,
        order={},
        progress=encode_progress(progress),
    )
