"""Custody of an order: who may act on it, until when, and which write of it comes next.

Whoever holds an order has an owner token, a version and a lease. Every write is conditional on the
first two and renews or ends the third. The end of the lease is reckoned on this process's own
steady clock from *before* the request that began it was sent, so the worker believes it over before
the database service does; what a sleeping worker has in flight at that moment is settled by
tombstones and versions.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from clients.call import CallLimits
from clients.database import DatabaseClient, StoredOrder, Update, VersionConflictError
from clients.errors import Busy, Faulty, Fenced, OutOfTime, Unreachable
from orchestrator.domain import OrderStatus
from orchestrator.errors import CustodyLostError
from orchestrator.saga.pause import park_pause_s
from orchestrator.saga.progress import Progress
from orchestrator.saga.record import encode_progress

_UNTIL_THE_FENCE: Final = 1_000_000
"""A write of an order's state is tried until the lease is over: a count would give up what time
does not."""


class Lease(NamedTuple):
    """`ends_at` is on the loop's clock; `length_s` is what each renewal adds."""

    owner: str
    ends_at: float
    length_s: float


class Custody:
    """The right to act on one order, and its writes."""

    def __init__(
        self,
        database: DatabaseClient,
        stored: StoredOrder,
        lease: Lease,
        *,
        headers: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        self.order_id = stored.id
        self.rounds = stored.rounds
        self._database = database
        self._order = stored.order
        self._version = stored.version
        self._lease = lease
        self.headers = headers
        self._clock = clock

    @property
    def fence(self) -> float:
        """The moment, on the loop's clock, from which nothing may be sent for this order."""
        return self._lease.ends_at

    async def keep(self, progress: Progress) -> StoredOrder:
        """Write the progress and go on; the lease begins anew."""
        began = self._clock()
        lease_s = self._lease.length_s
        stored = await self._write(self._update(progress, lease_s=lease_s))
        self._version = stored.version
        self._lease = Lease(self._lease.owner, began + lease_s, lease_s)
        return stored

    async def give_up(
        self, progress: Progress, *, after_s: float, attention: str | None = None
    ) -> StoredOrder:
        """Write the progress and leave the order; it may be claimed after `after_s` seconds."""
        update = self._update(progress, release_for_s=after_s, attention=attention)
        return await self._write(update)

    async def finish(self, progress: Progress, status: OrderStatus) -> StoredOrder:
        """Write the final status."""
        return await self._write(self._update(progress, status=status, release_for_s=0.0))

    async def set_aside(self, stored: StoredOrder, attention: str) -> StoredOrder:
        """Leave an order that cannot even be read as it is, flagged, to be tried again later."""
        return await self._write(
            Update(
                id=self.order_id,
                owner=self._lease.owner,
                version=self._version,
                write_id=f"{self._lease.owner}/{self._version}/set-aside",
                status=stored.status,
                progress=stored.progress,
                order=stored.order,
                attention=attention,
                release_for_s=park_pause_s(stored.rounds, retry_after_s=None),
            )
        )

    def _update(
        self,
        progress: Progress,
        *,
        status: OrderStatus | None = None,
        attention: str | None = None,
        lease_s: float | None = None,
        release_for_s: float | None = None,
    ) -> Update:
        new_status = status or progress.status
        purpose = "keep" if lease_s is not None else "release"
        return Update(
            id=self.order_id,
            owner=self._lease.owner,
            version=self._version,
            write_id=f"{self._lease.owner}/{self._version}/{new_status}/{purpose}",
            status=new_status,
            progress=encode_progress(progress),
            order=self._order,
            attention=attention,
            lease_s=lease_s,
            release_for_s=release_for_s,
        )

    async def _write(self, update: Update) -> StoredOrder:
        fence = self.fence
        limits = CallLimits(
            fence,
            fence,
            _UNTIL_THE_FENCE,
            obligatory=True,
            headers=self.headers,
            caller=self.order_id,
        )
        try:
            return await self._database.update(update, limits)
        except VersionConflictError as conflict:
            message = "another worker has written this order since"
            raise CustodyLostError(message) from conflict
        except (Fenced, OutOfTime, Unreachable, Faulty, Busy) as failure:
            message = "the lease ended before the order could be written"
            raise CustodyLostError(message) from failure
