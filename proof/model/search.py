"""The search: every state there is, breadth first, so that the first story is the shortest."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.domain import OrderStatus
from proof.model.checks import Checks, Violation
from proof.model.database import Database
from proof.model.setup import Setup
from proof.model.state import FINAL, Kind, Move, Next, Record, State, Told, Version, Worker
from proof.model.surroundings import Surroundings
from proof.model.working import Working

Story = tuple[Next, ...]
"""Moves from the start, each with the state that it leads to."""

_NO_LIMIT: Final = sys.maxsize

CameFrom = dict[State, tuple[State, Move] | None]
"""Every known state, with the state and the move that first led to it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a search found.

    `known`: every state, with whence and how it was first reached. `ways`: moves tried, counting
    those that led to a known state. `depth`: moves from the start to the state farthest from it, or
    to the violation. `seconds`: of CPU time. `happened`: the kinds of moves there were. `ends`: how
    the order can end.
    """

    known: CameFrom
    ways: int
    depth: int
    seconds: float
    happened: frozenset[Kind]
    ends: frozenset[OrderStatus]
    violation: Violation | None
    story: Story

    @property
    def states(self) -> int:
        """How many."""
        return len(self.known)


class Model:
    """The protocol as a graph of states."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.checks = Checks(setup)
        self._fresh = setup.beliefs.fresh()
        database = Database(setup)
        self._working = Working(setup, database)
        self._surroundings = Surroundings(setup, database)

    def start(self) -> State:
        """The order has just been created, and its worker is about to begin."""
        worker = Worker(self._fresh, doubt=False, version=Version.LATEST, origin=True)
        others = (None,) * (self.setup.bounds.workers - 1)
        return State(
            record=Record(OrderStatus.PENDING, pivot=False, old=False, leased=True),
            books=self.setup.participants.untouched(),
            workers=(worker, *others),
            late=(),
            told=Told.NOTHING,
        )

    def moves(self, state: State) -> Iterator[Next]:
        """Everything that can happen in `state`."""
        yield from self._surroundings.moves(state)
        for slot, worker in enumerate(state.workers):
            if worker is not None:
                yield from self._working.moves(state, slot, worker)


def search(model: Model, *, most_moves: int = _NO_LIMIT) -> Result:
    """Visit every state, or stop at the nearest that violates something.

    `most_moves`: states farther from the start are left out; for a shorter story than one known.
    """
    began = time.process_time()
    start = model.start()
    came_from: CameFrom = {start: None}
    happened: set[Kind] = set()
    level, depth, ways, found = [start], 0, 0, None
    while level and found is None and depth < most_moves:
        following: list[State] = []
        for before, move, after in _from(model, level):
            ways += 1
            happened.add(move.kind)
            if after in came_from:
                continue
            came_from[after] = (before, move)
            following.append(after)
            found = model.checks.violation(after)
            if found is not None:
                break
        depth += bool(following)
        level = following
    return Result(
        known=came_from,
        ways=ways,
        depth=depth,
        seconds=time.process_time() - began,
        happened=frozenset(happened),
        ends=FINAL & {state.record.status for state in came_from},
        violation=found,
        story=_story(came_from, level[-1]) if found is not None else (),
    )


def _from(model: Model, level: list[State]) -> Iterator[tuple[State, Move, State]]:
    for before in level:
        for move, after in model.moves(before):
            yield before, move, in_order(after) if model.setup.reduced else after


def in_order(state: State) -> State:
    """The state with its workers sorted: which slot a worker sits in makes no difference."""
    if len(state.workers) == 1:
        return state
    workers = tuple(sorted(state.workers, key=_rank))
    return state if workers == state.workers else state._replace(workers=workers)


def _rank(worker: Worker | None) -> tuple[int, ...]:
    return (-1,) if worker is None else worker


def _story(came_from: CameFrom, end: State) -> Story:
    moves: list[Next] = []
    while (came := came_from[end]) is not None:
        moves.append((came[1], end))
        end = came[0]
    return tuple(reversed(moves))
