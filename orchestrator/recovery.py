"""Finishes what other replicas began: claims orders whose lease has run out and carries them on.

PENDING goes forward, or back when it was found too late; COMPENSATING goes back. One order that
cannot be finished delays no other: each runs in its own task, and one that breaks is set aside and
flagged.
"""

import asyncio
import logging
import math
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from clients.call import CallLimits
from clients.carrier import Fields
from clients.database import Backlog, DatabaseClient, StoredOrder
from clients.errors import UpstreamError
from orchestrator.checkout import OrderLog
from orchestrator.domain import Order, OrderStatus
from orchestrator.errors import CustodyLostError
from orchestrator.saga.custody import Custody, Lease
from orchestrator.saga.record import decode_order, inherited_progress
from orchestrator.saga.runner import Errand, SagaRunner, happened
from orchestrator.saga.running import RunningSagas

_log = logging.getLogger("orchestrator.recovery")

AT_ONCE: Final = 32
"""Recovered orders under way at a time in one replica. Enough to keep every upstream busy after a
crash (32 orders of some 50 ms are 600 a second), few enough that new orders still get their
share."""


ENOUGH_FREE: Final = AT_ONCE // 2
"""So many places are to be free before more is claimed while some are busy: a claim for each order
that ends would cost the database service as much as the orders do."""

GATHER_S: Final = 0.25
"""But no longer than this is waited for them: orders that hang keep no place from the others."""


@dataclass(frozen=True, slots=True)
class RecoveryTimes:
    """In seconds: between looks, of a claimed lease, of the forward way, of going on forward."""

    interval_s: float
    lease_s: float
    order_deadline_s: float
    reserve_s: float
    resume_window_s: float


class RecoveryLog(OrderLog, Protocol):
    """Hears of the backlog as well."""

    def backlog(self, backlog: Backlog) -> None:
        """What was unfinished at the last look."""


class Recovery:
    """One background worker of a replica; any number of replicas may run one each."""

    def __init__(
        self,
        *,
        database: DatabaseClient,
        runner: SagaRunner,
        running: RunningSagas,
        log: RecoveryLog,
        times: RecoveryTimes,
        new_owner: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._runner = runner
        self._running = running
        self._log = log
        self._times = times
        self._new_owner = new_owner
        self._clock = clock
        self._under_way: set[asyncio.Task[StoredOrder]] = set()
        self._unanswered: Lease | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Claim no more. A claim under way is let end: its orders would wait for their leases."""
        self._stopping.set()

    async def run_forever(self) -> None:
        """Look for orders until stopped; an unreachable database service is looked for again."""
        count_from = -math.inf
        while not self._stopping.is_set():
            # Not at every claim: with much left, to count it is work.
            count = self._clock() >= count_from
            try:
                found_all = await self.run_once(count=count)
                if count:
                    count_from = self._clock() + self._times.interval_s / 2
            except UpstreamError as failure:
                _log.warning("recovery could not look for orders", extra={"why": str(failure)})
                found_all = True
            except Exception:  # noqa: BLE001 - logged whole, and looked at again
                # One look that breaks must not end all looks: nobody else finishes these orders.
                _log.exception("recovery broke off and will look again")
                found_all = True
            if found_all:
                # Jittered, so that replicas started together do not look together.
                await self._pause(self._times.interval_s * random.uniform(0.5, 1.5))  # noqa: S311
            else:
                await self._room()

    async def _room(self) -> None:
        """Wait until a place is free, and a little longer for enough of them."""
        gather_until: float | None = None
        while self._under_way and len(self._under_way) > AT_ONCE - ENOUGH_FREE:
            timeout_s = None if gather_until is None else gather_until - self._clock()
            if timeout_s is not None and timeout_s <= 0:
                return
            await asyncio.wait(
                set(self._under_way), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            gather_until = gather_until or self._clock() + GATHER_S

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def run_once(self, *, count: bool = True) -> bool:
        """Claim and begin what can be carried now; false when there may be more to claim.

        `count`: also look how much is unfinished and flagged.
        """
        free = AT_ONCE - len(self._under_way)
        if free <= 0:
            return False
        lease = self._lease_to_claim_with()
        limits = CallLimits(deadline=lease.ends_at, obligatory=True)
        try:
            claimed = await self._database.claim(lease.owner, lease.length_s, free, limits)
        except UpstreamError as failure:
            self._unanswered = lease if failure.in_doubt else None
            raise
        self._unanswered = None
        for stored in claimed:
            self._begin(stored, lease)
        if count:
            self._log.backlog(await self._database.backlog(limits))
        return len(claimed) < free

    def _lease_to_claim_with(self) -> Lease:
        """A new one; or that of a claim whose answer was lost, to be given what it had claimed.

        The same owner is answered the same orders. A lease half over is left to run out: what is
        claimed with it now would be fenced too soon.
        """
        length_s, now = self._times.lease_s, self._clock()
        lost = self._unanswered
        if lost is not None and lost.ends_at - now > length_s / 2:
            return lost
        return Lease(self._new_owner(), now + length_s, length_s)

    async def settle(self) -> None:
        """Wait until everything begun so far has ended (tests, and tools that look once)."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    def _begin(self, stored: StoredOrder, lease: Lease) -> None:
        task = self._running.start(stored.id, self._carry_on(stored, lease))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _carry_on(self, stored: StoredOrder, lease: Lease) -> StoredOrder:
        custody = Custody(self._database, stored, lease, headers={}, clock=self._clock)
        try:
            order = decode_order(stored.id, stored.order)
            custody.headers = Fields(order.trace.headers())
            errand = self._errand(stored, order, custody)
            began = self._clock()
            ended = await self._runner.run(errand)
        except CustodyLostError as lost:
            _log.warning("lost a recovered order", extra={"orderId": stored.id, "why": str(lost)})
            raise
        except UpstreamError:
            raise
        except Exception as broken:
            # A record that this release cannot carry on must not come back every lease unseen.
            await custody.set_aside(stored, f"cannot be resumed: {type(broken).__name__}")
            raise
        self._log.ended(order, ended, seconds=self._clock() - began, recovered=True)
        return ended

    def _errand(self, stored: StoredOrder, order: Order, custody: Custody) -> Errand:
        too_late = (
            stored.status == OrderStatus.PENDING and stored.age_s > self._times.resume_window_s
        )
        progress = inherited_progress(stored, give_up=too_late)
        direction = "back" if too_late or stored.status == OrderStatus.COMPENSATING else "forward"
        progress = progress.noted(
            happened(f"taken over (round {stored.rounds}), going {direction}")
        )
        latest = custody.fence - self._times.reserve_s
        deadline = min(self._clock() + self._times.order_deadline_s, latest)
        return Errand(order, custody, deadline, progress)
