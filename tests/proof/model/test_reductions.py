"""What the search leaves out makes no difference: it sees all that a search of everything sees."""

from collections.abc import Hashable

import pytest

from orchestrator.saga.table import ORDER_SAGA
from proof.model.bounds import Bounds
from proof.model.equivalence import representatives
from proof.model.rules import ALL_RULES
from proof.model.search import Model, in_order
from proof.model.setup import Setup
from proof.model.state import State

_, AUTHORIZE, _, CAPTURE, _ = ORDER_SAGA

SHORT = (AUTHORIZE, CAPTURE)
"""A step, its undo and the pivot: of longer sagas no whole search comes to an end in a test."""


def _seen(bounds: Bounds, *, reduced: bool) -> tuple[int, set[object]]:
    """How many states, and all that could be seen from outside: status, lease, books, client."""
    model = Model(Setup(SHORT, ALL_RULES, bounds, reduced=reduced))
    known = {model.start()}
    waiting = list(known)
    while waiting:
        for _, reached in model.moves(waiting.pop()):
            after = in_order(reached) if reduced else reached
            if after not in known:
                known.add(after)
                waiting.append(after)
    return len(known), {_from_outside(state) for state in known}


def _from_outside(state: State) -> object:
    record = state.record
    return record.status, record.pivot, record.leased, state.books, state.told


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds("sleepers", workers=2, late=0, clocks=False),
        Bounds("leases", workers=2, late=1, forgetful=True),
    ],
    ids=lambda bounds: bounds.name,
)
def test_no_outcome_is_left_out(bounds: Bounds) -> None:
    """With and without the reductions the same records, books and answers are reached."""
    fewer, seen = _seen(bounds, reduced=True)
    all_there_are, in_all = _seen(bounds, reduced=False)

    assert in_all == seen
    assert fewer < all_there_are


def test_alike_is_what_shows_the_same_for_ever() -> None:
    """Two nodes that look alike are told apart when one of them leads elsewhere."""
    shown = ["a", "a", "a", "end"]
    edges: list[dict[Hashable, int]] = [{"x": 3}, {"x": 3}, {"x": 0}, {}]

    assert [0, 0, 2, 3] == representatives(shown, edges)
