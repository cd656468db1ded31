"""From an admitted request to its answer: bind the key, run the saga, or wait for who runs it."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from clients.call import CallLimits
from clients.carrier import Fields
from clients.database import DatabaseClient, StoredOrder
from clients.errors import Rejected, UpstreamError
from orchestrator.admission import Admission
from orchestrator.domain import Order, OrderStatus
from orchestrator.errors import (
    CircuitOpenError,
    CustodyLostError,
    KeyReusedError,
)
from orchestrator.idempotency import (
    Admitted,
    Claim,
    Fresh,
    IdempotencyKeys,
    InFlight,
    Replay,
)
from orchestrator.placement import AnswerTimes, Placed, Placement
from orchestrator.saga.custody import Custody
from orchestrator.saga.progress import Progress
from orchestrator.saga.runner import Errand, SagaRunner
from orchestrator.saga.running import RunningSagas, until_done

_log = logging.getLogger("orchestrator.checkout")

_FIRST_LOOK_S: Final = 0.05
"""Most orders take tens of milliseconds: whoever waits for another replica's looks again soon."""

_LONGEST_LOOK_S: Final = 0.5
"""And then twice a second, so that waiting duplicates do not weigh on the database service."""

_WITHDRAW_TRIES: Final = 1_000_000
"""An order that nobody was told of must not be left behind: withdrawing it is not given up."""


class OrderLog(Protocol):
    """Hears of the end of every run, for the log line and the metrics."""

    def ended(self, order: Order, stored: StoredOrder, *, seconds: float, recovered: bool) -> None:
        """A run has left the order final or parked."""


class Checkout:
    """Places orders. The saga runs in a task of its own: a client that hangs up changes nothing."""

    def __init__(
        self,
        *,
        admission: Admission,
        keys: IdempotencyKeys,
        database: DatabaseClient,
        runner: SagaRunner,
        running: RunningSagas,
        log: OrderLog,
        times: AnswerTimes,
        clock: Callable[[], float],
    ) -> None:
        self._admission = admission
        self._keys = keys
        self._database = database
        self._runner = runner
        self._running = running
        self._log = log
        self._times = times
        self._clock = clock

    async def place(self, order: Order, claim: Claim) -> Placed:
        """Carry the order out, or give the answer of the order that the key is bound to.

        Raises `RefusedError` before an order exists, `KeyReusedError`, `NotDecidedError` when the
        time to answer is over, and `UpstreamError` when the order could not be recorded.
        """
        placement = Placement(order, claim, self._clock())
        try:
            self._admission.enter(order.id)
        except CircuitOpenError as refusal:
            return await self._answer_without_calling(placement, refusal)
        task = self._running.start(
            order.id, self._carry_out(placement), after=self._admission.leave
        )
        # Not a time-out around the task: it goes on, only the waiting ends.
        await until_done(task, timeout_s=self._times.answer_within_s)
        if task.done() and not task.cancelled():
            return Placed(task.result(), placement.replayed)
        return await self._last_look(placement)

    async def _last_look(self, placement: Placement) -> Placed:
        """The time to answer is over: what does the record say?

        This process may have been asleep, and another worker may have ended the order long ago.
        """
        limits = CallLimits(self._clock() + self._times.look_s, max_tries=1, obligatory=True)
        try:
            seen = await self._database.get(placement.order_id, limits)
        except UpstreamError:
            raise placement.undecided() from None
        if seen is None:
            raise placement.vanished()
        if placement.is_answered_by(seen):
            return Placed(seen, placement.replayed)
        raise placement.undecided(seen)

    async def _carry_out(self, placement: Placement) -> StoredOrder:
        deadline = placement.began + self._times.order_deadline_s
        owner = self._keys.new_owner()
        while True:
            admitted = await self._admit(placement, owner, deadline)
            if isinstance(admitted, StoredOrder):
                return admitted
            if isinstance(admitted, Fresh):
                placement.recorded = True
                return await self._run(placement, admitted.custody, deadline)
            stored = await self._answer_of(placement, admitted, deadline)
            if stored is not None:
                return stored
            placement.stands_alone()

    async def _admit(
        self, placement: Placement, owner: str, deadline: float
    ) -> Admitted | StoredOrder:
        """Bind the key; or, where that is in doubt, withdraw the order and raise `UpstreamError`.

        An order that cannot be withdrawn, because another replica has found it, is watched.
        """
        order = placement.order
        limits = CallLimits(deadline, headers=Fields(order.trace.headers()), caller=order.id)
        try:
            return await self._keys.admit(order, placement.claim, owner, limits)
        except UpstreamError as failure:
            if failure.in_doubt:
                placement.in_doubt = failure
                if not await self._withdraw(order, owner):
                    placement.recorded = True
                    return await self._own_end(placement)
                failure.in_doubt = False
            raise

    async def _run(self, placement: Placement, custody: Custody, deadline: float) -> StoredOrder:
        try:
            stored = await self._runner.run(Errand(placement.order, custody, deadline, Progress()))
        except CustodyLostError as lost:
            _log.warning("lost an order", extra={"orderId": custody.order_id, "why": str(lost)})
            return await self._own_end(placement)
        seconds = self._clock() - placement.began
        self._log.ended(placement.order, stored, seconds=seconds, recovered=False)
        return stored

    async def _answer_without_calling(
        self, placement: Placement, refusal: CircuitOpenError
    ) -> Placed:
        """No new order while a circuit is open; but the answer of an old one needs no upstream."""
        deadline = placement.began + self._times.order_deadline_s
        limits = CallLimits(deadline, headers=placement.order.trace.headers())
        try:
            admitted = await self._keys.find(placement.claim, placement.order, limits)
        except UpstreamError:
            raise refusal from None
        if admitted is None:
            raise refusal
        stored = await self._answer_of(placement, admitted, deadline)
        if stored is None:
            raise refusal
        return Placed(stored, replayed=True)

    async def _answer_of(
        self, placement: Placement, admitted: Admitted, until: float
    ) -> StoredOrder | None:
        """The end of the order that the key is bound to; `None` when it has been withdrawn."""
        match admitted:
            case Replay(stored):
                placement.belongs_to(stored)
                return stored
            case InFlight(stored):
                placement.belongs_to(stored)
                return await self._follow(placement, stored, until)
            case _:
                message = "this idempotency key was used for another order; use a new key"
                raise KeyReusedError(message)

    async def _own_end(self, placement: Placement) -> StoredOrder:
        """The end that another worker brings this request's order to."""
        until = placement.began + self._times.answer_within_s
        stored = await self._watch(placement.order.id, until)
        if stored is not None and placement.is_answered_by(stored):
            return stored
        return (await self._last_look(placement)).stored

    async def _follow(
        self, placement: Placement, stored: StoredOrder, until: float
    ) -> StoredOrder | None:
        """Join the saga when it runs here, else watch its record; `None` when that vanishes."""
        joined = await self._running.join(stored.id, timeout_s=until - self._clock())
        if joined is not None:
            return joined
        seen = await self._watch(stored.id, until, last=stored)
        if seen is None or placement.is_answered_by(seen):
            return seen
        return (await self._last_look(placement)).stored

    async def _watch(
        self, order_id: str, until: float, *, last: StoredOrder | None = None
    ) -> StoredOrder | None:
        """Read the record until it is final, gone, or it is `until`; what was seen last."""
        seen, pause_s = last, _FIRST_LOOK_S
        while (left_s := until - self._clock()) > 0:
            with suppress(UpstreamError):
                seen = await self._database.get(order_id, CallLimits(until, obligatory=True))
                if seen is None or OrderStatus(seen.status).final:
                    break
            await asyncio.sleep(min(pause_s * random.uniform(0.8, 1.2), left_s))  # noqa: S311 - jitter
            pause_s = min(pause_s * 2, _LONGEST_LOOK_S)
        return seen

    async def _withdraw(self, order: Order, owner: str) -> bool:
        """Make a create whose answer was lost not have happened; nothing was sent for it yet.

        False when another replica has found the order in the meantime and carries it out.
        """
        limits = CallLimits(
            deadline=float("inf"),
            max_tries=_WITHDRAW_TRIES,
            obligatory=True,
            headers=order.trace.headers(),
        )
        try:
            await self._database.abandon(order.id, owner, limits)
        except Rejected:
            return False
        return True
