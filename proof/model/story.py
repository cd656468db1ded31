"""Stories: moves from the start, each a legal one, with every worker in one slot all the time."""

from collections.abc import Iterator
from typing import Final

from proof.model.checks import NEVER_ENDS
from proof.model.search import Model, Result, Story, in_order
from proof.model.state import FINAL, Kind, Next, State

_TAKEOVERS: Final = (Kind.TAKES_OVER, Kind.TAKES_OVER_TOO_OLD)

_LONGEST_ROUND: Final = 30
"""Moves: the end of a lease, a takeover and a whole way forward and back are 14."""


def story_of(model: Model, result: Result) -> Story:
    """The way to the violation; where an order never ends, a round more that shows it."""
    story = list(_in_slots(model, result.story))
    if result.violation is not None and result.violation.number == NEVER_ENDS:
        story += _undisturbed(model, story[-1][1])
    return tuple(story)


def _in_slots(model: Model, story: Story) -> Iterator[Next]:
    """The same moves without the sorting of workers that the search does."""
    state = model.start()
    for move, sorted_after in story:
        step = next(
            (own, after)
            for own, after in model.moves(state)
            if (own.kind, own.what) == (move.kind, move.what) and in_order(after) == sorted_after
        )
        yield step
        state = step[1]


def _undisturbed(model: Model, state: State) -> list[Next]:
    """The present worker's lease ends; another goes on until it, too, leaves the order."""
    rounds = [list(_round(model, state, takeover)) for takeover in _TAKEOVERS]
    return next(moves for moves in rounds if moves[-1][1].record.status not in FINAL)


def _round(model: Model, state: State, takeover: Kind) -> Iterator[Next]:
    wanted, slot = {Kind.LEASE_ENDS, Kind.CRASHES, takeover}, None
    for _ in range(_LONGEST_ROUND):
        possible = [
            (move, after)
            for move, after in model.moves(state)
            if move.kind in wanted and slot in {None, move.slot}
        ]
        if not possible:
            return
        # A slot is made free by a crash, if need be; a takeover comes before a needless crash.
        move, state = max(possible, key=lambda step: step[0].kind)
        yield move, state
        if move.kind is takeover:
            wanted, slot = {Kind.CALLS, Kind.WRITES}, move.slot
