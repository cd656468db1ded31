"""What the demo prints is readable: a hundred columns, colours only where they belong."""

import io
import re

import pytest

from demo.screen import WIDTH, Screen
from demo.timeline import show_timeline

ORDER = {
    "createdAt": "2026-01-01T00:00:00.000Z",
    "timeline": [
        {
            "at": "2026-01-01T00:00:00.010Z",
            "kind": "act",
            "step": "authorize",
            "operation": "authorize",
            "outcome": "rejected",
            "attempts": 2,
            "ms": 1234.5,
            "error": {"status": 402, "code": "payment_declined", "detail": "No."},
        },
        {"at": "2026-01-01T00:00:01.500Z", "kind": "event", "note": "decided to compensate"},
        {
            "at": "2026-01-01T00:00:01.600Z",
            "kind": "undo",
            "step": "fraud",
            "operation": "clear_suspicion",
            "outcome": "done",
            "attempts": 3,
            "ms": 3.0,
        },
    ],
}


class Terminal(io.StringIO):
    """A terminal that can be read again."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_plain_off_a_terminal() -> None:
    """Off a terminal there are no escape sequences, and a moving line is shown once."""
    out = io.StringIO()
    screen = Screen(out)
    screen.title("Title")
    screen.check("it holds", holds=True)
    screen.progress("3 s")
    screen.progress("2 s")

    assert "\x1b" not in out.getvalue()
    assert ["3 s"] == re.findall(r"\d s", out.getvalue())


def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal what holds is green and what does not is red."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    Screen(out).check("it holds", holds=True)
    Screen(out).check("it does not", holds=False)

    assert "\x1b[32m✓\x1b[0m it holds" in out.getvalue()
    assert "\x1b[31m✗\x1b[0m \x1b[31mit does not\x1b[0m" in out.getvalue()


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR is honoured."""
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    Screen(out).line("text", "bold")

    assert "   text\n" == out.getvalue()


def test_progress_replaces_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a moving line gives way to the next line that is printed."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    screen = Screen(out)
    screen.progress("3 s")
    screen.progress("2 s")
    screen.line("done")

    assert "\r\x1b[K   3 s\r\x1b[K   2 s\r\x1b[K   done\n" == out.getvalue()


def test_nothing_is_wider_than_the_screen() -> None:
    """Long text is folded and long cells are cut."""
    out = io.StringIO()
    screen = Screen(out)
    screen.title("Title")
    screen.line("word " * 50)
    screen.check("word " * 50, holds=False)
    screen.table(("a", "b"), [("1", "x" * 200), ("y" * 200,)])

    assert WIDTH >= max(len(line) for line in out.getvalue().splitlines())


def test_timeline() -> None:
    """A timeline is a table of times, steps, tries, outcomes and durations; unknown steps too."""
    out = io.StringIO()
    show_timeline(Screen(out), ORDER)

    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["at", "step", "tries", "outcome", "took"] == lines[0]
    assert "0.010 s → set the money aside 2 rejected 1,234 ms 402 payment_declined" == " ".join(
        lines[1]
    )
    assert "1.500 s · decided to compensate" == " ".join(lines[2])
    assert "1.600 s ↩ clear_suspicion 3 done 3 ms asked again, with the same key" == " ".join(
        lines[3]
    )
