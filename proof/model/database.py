"""The database service: which writes it applies, and what the order's record then says."""

from orchestrator.domain import OrderStatus
from proof.model.deciding import Write
from proof.model.setup import Setup
from proof.model.state import FINAL, Late, Record, State, Told, Version, Worker


class Database:
    """The record's side of writes."""

    def __init__(self, setup: Setup) -> None:
        self._version_check = setup.version_check
        self._way_back = setup.way_back
        self._harmless = setup.passed_are_harmless
        self._when_passed = setup.beliefs.when_passed

    def accepts(self, record: Record, write: Write, version: Version) -> bool:
        """Whether a write with this version in hand is applied, or known as a repeat."""
        if version is Version.MINE_UNHEARD:
            return True
        if self._version_check and version is Version.PASSED:
            return False
        return self._is_legal(record.status, write.status)

    def _is_legal(self, now: OrderStatus, then: OrderStatus) -> bool:
        if now is OrderStatus.COMPENSATING and not self._way_back:
            return then in {OrderStatus.COMPENSATING, OrderStatus.FAILED}
        return now not in FINAL

    def apply(self, state: State, write: Write) -> State:
        """The write has been applied; nobody has heard of it yet."""
        pending = write.status is OrderStatus.PENDING
        record = Record(write.status, write.pivot, pending and state.record.old, write.keeps)
        told = state.told
        if told is Told.ACCEPTED and write.refused:
            told = Told.ACCEPTED_THEN_REFUSED
        late = self.not_in_vain(state.late)
        return State(record, state.books, state.workers, late, told)

    def not_in_vain(self, late: tuple[Late, ...]) -> tuple[Late, ...]:
        """What is still on its way after a write; older writes would be refused for their version.

        They are dropped at once.
        """
        if not late or not self._version_check:
            return late
        return tuple(request for request in late if request.write is None)

    def passed(self, worker: Worker | None) -> Worker | None:
        """The worker after somebody else's write; None when it can do nothing any more.

        Where the rules make it stop at its own next write, only the calls that it makes until then
        matter.
        """
        if worker is None or not self._harmless:
            return worker and worker._replace(version=Version.PASSED)
        belief = self._when_passed[worker.belief]
        return None if belief is None else _passed(belief)


def _passed(belief: int) -> Worker:
    return Worker(belief, doubt=False, version=Version.PASSED, origin=False)


def told_of(status: OrderStatus) -> Told:
    """What a client is told of a run that ended with the record in this status."""
    match status:
        case OrderStatus.CONFIRMED:
            return Told.CONFIRMED
        case OrderStatus.FAILED | OrderStatus.CANCELLED:
            return Told.FAILED
        case OrderStatus.PENDING:
            return Told.ACCEPTED
        case OrderStatus.COMPENSATING:
            return Told.NOTHING
