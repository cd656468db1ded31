"""What happens around the workers: time, the network, takeovers, the upstreams, the client.

A worker that pauses needs no move of its own: it does not move while others do.
"""

from collections.abc import Iterator
from typing import Final

from proof.model.books import Held
from proof.model.database import Database, told_of
from proof.model.setup import Setup
from proof.model.state import FINAL, Kind, Move, Next, Record, State, Told, Version, Worker

_FORGOTTEN: Final = frozenset({Held.EXPIRED, Held.GONE, Held.GONE_SETTLED})


class Surroundings:
    """The moves that no worker makes."""

    def __init__(self, setup: Setup, database: Database) -> None:
        self._setup = setup
        self._database = database
        self._participants = setup.participants
        self._events = {Kind.EXPIRES: self._participants.with_reservation_expired}
        if setup.bounds.parcels:
            self._events[Kind.LEAVES] = self._participants.with_parcel_gone
            self._events[Kind.RETURNS] = self._participants.with_parcel_back

    def moves(self, state: State) -> Iterator[Next]:
        """All that may happen by itself."""
        if state.record.leased:
            yield Move(Kind.LEASE_ENDS, -1, ""), self._lease_ended(state)
        elif state.record.status not in FINAL and None in state.workers:
            yield from self._takeovers(state, state.workers.index(None))
        if state.late:
            yield from self._late(state)
        yield from self._upstreams(state)
        if state.told is Told.NOTHING:
            yield from self._client(state)
        if self._setup.bounds.forgetful and state.record.status in FINAL:
            yield from self._forgetting(state)

    def _lease_ended(self, state: State) -> State:
        """The lease is over; who had it sends nothing more, or (no fence) does not care."""
        record = state.record._replace(leased=False)
        return state._replace(record=record, workers=self._still_sending(state))

    def _still_sending(self, state: State) -> tuple[Worker | None, ...]:
        """Whoever acts on when no lease runs any more."""
        return (None,) * len(state.workers) if self._setup.fence else state.workers

    def _takeovers(self, state: State, slot: int) -> Iterator[Next]:
        record = state.record
        aged = record._replace(old=True)
        now, later = self._belief(record), self._belief(aged)
        yield Move(Kind.TAKES_OVER, slot, ""), self._claimed(state, slot, record, now)
        if now != later:
            yield Move(Kind.TAKES_OVER_TOO_OLD, slot, ""), self._claimed(state, slot, aged, later)

    def _belief(self, record: Record) -> int:
        inherited = self._setup.beliefs.inherited
        return inherited(record.status, pivot=record.pivot, too_old=record.old)

    def _claimed(self, state: State, slot: int, record: Record, belief: int) -> State:
        others = tuple(self._database.passed(worker) for worker in state.workers)
        worker = Worker(belief, doubt=False, version=Version.LATEST, origin=False)
        return State(
            record._replace(leased=True),
            state.books,
            (*others[:slot], worker, *others[slot + 1 :]),
            self._database.not_in_vain(state.late),
            state.told,
        )

    def _late(self, state: State) -> Iterator[Next]:
        for late in dict.fromkeys(state.late):
            place = state.late.index(late)
            others = state.late[:place] + state.late[place + 1 :]
            rest = State(state.record, state.books, state.workers, others, state.told)
            yield Move(Kind.IS_LOST, -1, late.name), rest
            if late.call is not None:
                books, _ = self._participants.apply(late.call, state.books)
                after = State(state.record, books, state.workers, others, state.told)
                yield Move(Kind.ARRIVES_LATE, -1, late.name), after
            elif late.write is not None and self._database.accepts(
                state.record, late.write, Version.LATEST
            ):
                written = self._database.apply(rest, late.write)
                workers = tuple(map(self._unheard, state.workers))
                yield Move(Kind.ARRIVES_LATE, -1, late.name), written._replace(workers=workers)

    def _unheard(self, worker: Worker | None) -> Worker | None:
        """Who had the latest version is who sent the write; it will hear when it repeats it."""
        if worker and worker.version is Version.LATEST and self._setup.version_check:
            return worker._replace(version=Version.MINE_UNHEARD)
        return worker

    def _upstreams(self, state: State) -> Iterator[Next]:
        for kind, happens in self._events.items():
            books = happens(state.books)
            if books is not state.books:
                yield Move(kind, -1, ""), state._replace(books=books)

    def _client(self, state: State) -> Iterator[Next]:
        """The client asks, or its time to wait is over: it is told what the record says."""
        record = state.record
        if record.status in FINAL or record.pivot:
            told = told_of(record.status)
            yield Move(Kind.CLIENT_READS, -1, record.status.value), state._replace(told=told)

    def _forgetting(self, state: State) -> Iterator[Next]:
        held = tuple(Held.ABSENT if now in _FORGOTTEN else now for now in state.books.held)
        if held == state.books.held:
            return
        yield (
            Move(Kind.FORGOTTEN, -1, ""),
            state._replace(
                books=state.books._replace(held=held),
                late=(),
                workers=self._still_sending(state),
            ),
        )
