"""`Retry-After` in both of its forms, and what is neither."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.retry_after import LONGEST_S, parse_retry_after

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("3601", LONGEST_S),
        ("9" * 400, LONGEST_S),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30.0),
        ("Fri, 02 Jan 2026 03:04:35", 30.0),
        ("Fri, 02 Jan 2026 05:04:35 +0200", 30.0),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0.0),
        ("Fri, 02 Jan 2099 03:04:35 GMT", LONGEST_S),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Fri, 32 Jan 2026 03:04:35 GMT", None),
        ("Fri, 02 Jan 99999 03:04:35 GMT", None),
        ("Fri, 02 Jan 2026 03:04:35 +9999", None),
    ],
)
def test_a_wait_is_read(value: str | None, expected: float | None) -> None:
    """Seconds and dates are understood, bounded by an hour; anything else says nothing."""
    assert expected == parse_retry_after(value, now=NOW)


def test_a_date_with_a_number_beyond_all_bounds_says_nothing() -> None:
    """Whatever an upstream writes there, it breaks nothing here."""
    absurd = f"Fri, {'9' * 23} Jan 2026 03:04:35 GMT"

    assert None is parse_retry_after(absurd, now=NOW)


_PART = st.sampled_from(["Fri,", "02", "Jan", "2026", "03:04:05", "GMT", "+0200", "99", "-", "1 1"])


@given(value=st.text(max_size=40) | st.lists(_PART, max_size=8).map(" ".join))
def test_any_header_is_a_wait_or_nothing(value: str) -> None:
    """No header breaks the parser, and none makes anybody wait for more than an hour."""
    wait_s = parse_retry_after(value, now=NOW)

    assert wait_s is None or 0 <= wait_s <= LONGEST_S


def test_without_a_clock_the_wall_clock_is_used() -> None:
    """A date long past means at once."""
    assert 0.0 == parse_retry_after("Thu, 01 Jan 1970 00:00:00 GMT")
