"""The demo counts what does not hold, and goes on."""

import io
from collections.abc import Iterator

import httpx

from demo.checks import Check
from demo.screen import Screen
from demo.show import judge


def test_what_does_not_hold_is_counted_and_shown() -> None:
    """A statement that is not true is marked, with what is so instead."""
    out = io.StringIO()
    checks = [Check("it is dry", holds=True), Check("it is warm", holds=False, instead="4 °C")]

    assert 1 == judge(Screen(out), iter(checks))
    assert "✓ it is dry" in out.getvalue()
    assert "✗ it is warm – no: 4 °C" in out.getvalue()


def test_a_story_that_breaks_off_is_counted() -> None:
    """A story that cannot be told to its end counts as one that ended wrongly."""

    def story() -> Iterator[Check]:
        yield Check("it began", holds=True)
        raise httpx.ConnectError("nobody listens")

    out = io.StringIO()

    assert 1 == judge(Screen(out), story())
    assert "this broke off" in out.getvalue()
