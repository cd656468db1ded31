"""What a worker may do next, and what may befall it.

A call that goes well is one move, from its sending to its answer: while the lease runs nobody else
acts, and a request that outlives its sender's lease or patience is a late one. One silence stands
for a lost request, a lost answer, and a 5xx before or after the effect: the request is on its way,
and arrives at once, later, after its undo, or never.
"""

from collections.abc import Iterator

from proof.model.books import Books, Held
from proof.model.database import Database, told_of
from proof.model.deciding import Reply, Write
from proof.model.operations import Effect, Operation
from proof.model.setup import Setup
from proof.model.state import Kind, Late, Move, Next, State, Told, Version, Worker


class Working:
    """The moves of workers."""

    def __init__(self, setup: Setup, database: Database) -> None:
        self._setup = setup
        self._database = database
        self._beliefs = setup.beliefs
        self._doubt_matters = setup.beliefs.doubt_matters
        self._apply = setup.participants.apply

    def moves(self, state: State, slot: int, worker: Worker) -> Iterator[Next]:
        """All that the worker in `slot` may do, or have done to it."""
        plan = self._beliefs.plans[worker.belief]
        if plan.call is not None:
            yield from self._calls(state, slot, worker, plan.call)
        if plan.write is not None:
            yield from self._writes(state, slot, worker, plan.write)
        yield Move(Kind.CRASHES, slot, ""), _with(state, slot, None)
        if self._is_harmless(worker):
            return
        yield Move(Kind.HANDS_OVER, slot, ""), self._handed_over(state, slot, worker)

    def _is_harmless(self, worker: Worker) -> bool:
        """Whether it only has calls left to make until it stops."""
        return worker.version is Version.PASSED and self._setup.passed_are_harmless

    def _calls(self, state: State, slot: int, worker: Worker, call: Operation) -> Iterator[Next]:
        books, done = self._apply(call, state.books)
        reply = Reply.DONE if done else Reply.REFUSED
        after = self._hears(state._replace(books=books), slot, worker, reply)
        yield Move(Kind.CALLS, slot, call.name), after
        if _may_be_refused(call, state.books):
            refused = self._hears(state, slot, worker, Reply.REFUSED)
            yield Move(Kind.IS_REFUSED, slot, call.name), refused
        if len(state.late) < self._setup.bounds.late:
            doubt = not self._is_harmless(worker) and self._doubt_matters[worker.belief]
            silent = _with(state, slot, worker._replace(doubt=doubt))
            late = Late(call.name, call, None)
            yield Move(Kind.HEARS_NOTHING, slot, call.name), _sent(silent, late)
        reply = Reply.SILENCE if worker.doubt else Reply.UNSENT
        kind = Kind.GIVES_UP if worker.doubt else Kind.CANNOT_SEND
        yield Move(kind, slot, call.name), self._hears(state, slot, worker, reply)

    def _hears(self, state: State, slot: int, worker: Worker, reply: Reply) -> State:
        belief = self._beliefs.heard(worker.belief, reply, doubt=worker.doubt)
        heard: Worker | None = worker._replace(belief=belief, doubt=False)
        if worker.version is Version.PASSED:
            heard = self._database.passed(heard)
        return _with(state, slot, heard)

    def _writes(self, state: State, slot: int, worker: Worker, write: Write) -> Iterator[Next]:
        what = write.status.value
        if self._database.accepts(state.record, write, worker.version):
            first = worker.version is not Version.MINE_UNHEARD
            written = self._database.apply(state, write) if first else state
            yield Move(Kind.WRITES, slot, what), self._goes_on(written, slot, worker, write)
            late = Late(what, None, write)
            if first and len(state.late) < self._setup.bounds.late and late not in state.late:
                yield Move(Kind.WRITES_UNHEARD, slot, what), _sent(state, late)
        else:
            yield Move(Kind.LOSES, slot, what), self._loses(state, slot, worker, write)
        if not self._setup.answer_last and worker.origin and state.told is Told.NOTHING:
            told = told_of(write.status)
            yield Move(Kind.ANSWERS_EARLY, slot, what), state._replace(told=told)

    def _goes_on(self, state: State, slot: int, worker: Worker, write: Write) -> State:
        """After its write, or after one that it takes for applied."""
        if write.keeps:
            belief = self._beliefs.written(worker.belief)
            version = Version.LATEST if worker.version is Version.MINE_UNHEARD else worker.version
            return _with(state, slot, worker._replace(belief=belief, version=version))
        if worker.origin and state.told is Told.NOTHING:
            state = state._replace(told=told_of(write.status))
        return _with(state, slot, None)

    def _loses(self, state: State, slot: int, worker: Worker, write: Write) -> State:
        if self._setup.loser_stops:
            return _with(state, slot, None)
        return self._goes_on(state, slot, worker, write)

    def _handed_over(self, state: State, slot: int, worker: Worker) -> State:
        """A replica that shuts down: one write, which is not repeated."""
        write = self._beliefs.hand_overs[worker.belief]
        fresh = worker.version is not Version.MINE_UNHEARD
        if fresh and self._database.accepts(state.record, write, worker.version):
            state = self._database.apply(state, write)
        return _with(state, slot, None)


def _may_be_refused(call: Operation, books: Books) -> bool:
    """What has been done cannot be refused any more: a repeat is answered as it was."""
    held = books.held[call.place]
    match call.effect:
        case Effect.CREATE:
            return held is Held.ABSENT
        case Effect.SETTLE:
            return held is Held.LIVE
        case Effect.UNDO:
            return False


def _sent(state: State, late: Late) -> State:
    return state._replace(late=tuple(sorted((*state.late, late), key=_name)))


def _name(late: Late) -> str:
    return late.name


def _with(state: State, slot: int, worker: Worker | None) -> State:
    record, books, workers, late, told = state
    return State(record, books, (*workers[:slot], worker, *workers[slot + 1 :]), late, told)
