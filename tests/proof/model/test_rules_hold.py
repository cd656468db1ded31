"""With all its rules the protocol holds, whatever comes."""

import pytest

from orchestrator.saga.table import ORDER_SAGA
from proof.model.bounds import PARCELS, SMALL_WORLDS, Bounds
from proof.model.rules import ALL_RULES
from proof.model.verdict import Searched, searched

WORLDS = [*SMALL_WORLDS, PARCELS]


@pytest.mark.parametrize("bounds", WORLDS, ids=lambda bounds: bounds.name)
def test_section_five_holds_in_every_state(bounds: Bounds) -> None:
    """No state that can be reached violates anything, and the search saw all it must see."""
    found = searched(ORDER_SAGA, ALL_RULES, bounds)

    assert (None, "", True) == (found.result.violation, found.in_vain, found.holds)


@pytest.fixture
def cut_short() -> Searched:
    """A search that ends before much can have happened."""
    return searched(ORDER_SAGA, ALL_RULES, SMALL_WORLDS[0], most_moves=3)


def test_a_search_that_saw_too_little_does_not_count(cut_short: Searched) -> None:
    """What never happened is named, and the rules are not said to hold."""
    assert None is cut_short.result.violation
    assert "an order that is CONFIRMED" in cut_short.in_vain
    assert not cut_short.holds
