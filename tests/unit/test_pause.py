"""How long a stuck order is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.saga.pause import FIRST_S, LONGEST_S, park_pause_s


@given(rounds=st.integers(0, 10**9), wanted_s=st.none() | st.floats(0, 10**6))
def test_a_pause_is_bounded_both_ways(rounds: int, wanted_s: float | None) -> None:
    """Whatever the round and the upstream's wish, a pause lasts a quarter to fifteen seconds."""
    pause_s = park_pause_s(rounds, retry_after_s=wanted_s)

    assert FIRST_S / 2 <= pause_s <= LONGEST_S


@given(rounds=st.integers(0, 20))
def test_a_pause_grows_and_is_jittered(rounds: int) -> None:
    """It doubles with every round, less up to half of it, until it is the longest."""
    grown = min(FIRST_S * 2**rounds, LONGEST_S)

    pauses = {park_pause_s(rounds, retry_after_s=None) for _ in range(20)}

    assert all(grown / 2 <= pause_s <= grown for pause_s in pauses)
    assert len(pauses) > 1


@pytest.mark.parametrize(("wanted_s", "expected_s"), [(7.0, 7.0), (3600.0, LONGEST_S)])
def test_what_the_upstream_asked_for_is_waited_but_not_without_end(
    wanted_s: float, expected_s: float
) -> None:
    """Retry-After lengthens the pause, up to the longest one."""
    assert expected_s == park_pause_s(0, retry_after_s=wanted_s)


def test_the_longest_pause_keeps_the_promise_of_the_protocol() -> None:
    """A pause and one and a half default looks of recovery fit into the promised 30 seconds."""
    assert LONGEST_S + 1.5 * 5 < 30
