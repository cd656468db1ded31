"""One request on its way to becoming an order, and what may be said of it at any moment."""

from dataclasses import dataclass
from typing import NamedTuple

from clients.database import StoredOrder
from clients.errors import Unreachable, UpstreamError
from orchestrator.domain import Order, OrderStatus
from orchestrator.errors import NotDecidedError, OrderInProgressError, OrderUndecidedError
from orchestrator.idempotency import Claim


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """Seconds from a request's arrival: the end of the forward way, and of waiting for its answer.

    The second leaves one time-out beyond the first, so that an order that failed at its deadline
    can be rolled back and the client told so. `look_s` is the time for one look at the record.
    """

    order_deadline_s: float
    answer_within_s: float
    look_s: float


class Placement:
    """One request on its way, as far as whoever waits for it must know."""

    def __init__(self, order: Order, claim: Claim, began: float) -> None:
        self.order = order
        self.claim = claim
        self.began = began
        self.order_id = order.id
        self.replayed = False
        self.recorded = False
        self.in_doubt: UpstreamError | None = None
        """How the create ended, when it left open whether there is a record."""

    def belongs_to(self, stored: StoredOrder) -> None:
        """The key was bound before: this request only asks again for that order."""
        self.order_id = stored.id
        self.replayed = True

    def stands_alone(self) -> None:
        """The order that the key was bound to has been withdrawn: the key is free again."""
        self.order_id = self.order.id
        self.replayed = False

    def is_answered_by(self, stored: StoredOrder) -> bool:
        """Whether the record is an answer to this request.

        A final one always is. To the request that made the order, so is one that says how it will
        end: it goes back, or is past its pivot. Who asks again under its key waits for the end.
        """
        status = OrderStatus(stored.status)
        if status.final or self.replayed:
            return status.final
        return status is OrderStatus.COMPENSATING or stored.progress.get("pivotPassed") is True

    def vanished(self) -> UpstreamError:
        """There is no record: it was withdrawn, or never written."""
        if not self.replayed:
            return self._unrecorded()
        detail = "the order that had this key was withdrawn; no time was left to make it anew"
        return Unreachable("database", "create", detail, out_of_time=True)

    def undecided(self, seen: StoredOrder | None = None) -> NotDecidedError | UpstreamError:
        """What is true when the time to answer is over; `seen` is the record, if it was read."""
        status = seen.status if seen else OrderStatus.PENDING
        if self.replayed:
            message = "the first request with this key is still being worked on; ask for its order"
            return OrderInProgressError(message, order_id=self.order_id, order_status=status)
        if not self.recorded:
            # The record, if there is one, may still be withdrawn: its id would be a promise.
            return self._unrecorded()
        message = "the order's deadline passed before its end could be written down"
        return OrderUndecidedError(message, order_id=self.order_id, order_status=status)

    def _unrecorded(self) -> UpstreamError:
        return self.in_doubt or Unreachable(
            "database", "create", "no answer in time", in_doubt=True, out_of_time=True
        )


class Placed(NamedTuple):
    """The order as it was last written, and whether an earlier request made it so."""

    stored: StoredOrder
    replayed: bool
