"""What a person sees: titles, tables, verdicts, and a line that moves while they wait."""

import os
import sys
import textwrap
from collections.abc import Sequence
from typing import Final, Literal, TextIO

WIDTH: Final = 100
"""Columns; what is longer is folded or cut."""

INDENT: Final = "   "

_CODES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan", "plain"]

Cell = str | tuple[str, Style]
"""A cell of a table, with its colour if it has one."""


class Screen:
    """Prints; in colour and with a moving line only on a terminal, never with NO_COLOR set."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._is_terminal = out.isatty() and os.environ.get("TERM") != "dumb"
        self._colours = self._is_terminal and not os.environ.get("NO_COLOR")
        self._moving = False

    def paint(self, text: str, style: Style) -> str:
        """The text in that style, if there are any here."""
        if style == "plain" or not text or not self._colours:
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def line(self, text: str = "", style: Style = "plain", *, indent: str = INDENT) -> None:
        """A line of text, folded when it is too long."""
        self._end_moving()
        folded = textwrap.wrap(text, WIDTH - len(indent)) or [""]
        for part in folded:
            self._print(f"{indent}{self.paint(part, style)}".rstrip())

    def title(self, text: str) -> None:
        """A title over the whole width."""
        self.line(indent="")
        rule = "─" * (WIDTH - len(text) - 4)
        self._print(
            f"{self.paint('──', 'dim')} {self.paint(text, 'bold')} {self.paint(rule, 'dim')}"
        )

    def check(self, text: str, *, holds: bool) -> None:
        """A statement and whether it is true."""
        self._end_moving()
        sign = self.paint("✓", "green") if holds else self.paint("✗", "red")
        first, *rest = textwrap.wrap(text, WIDTH - len(INDENT) - 2)
        self._print(f"{INDENT}{sign} {first if holds else self.paint(first, 'red')}")
        for part in rest:
            self._print(f"{INDENT}  {part}")

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: str = ""
    ) -> None:
        """Columns as wide as they need to be, the last one cut at the edge.

        Args:
            head: The columns' names.
            rows: The cells; a row of fewer cells lets its last one run on to the edge.
            right: The names of the columns that are set to the right, with spaces between.
        """
        widths = [
            max([len(name), *(len(_text(row[i])) for row in rows if i < len(row) - 1)])
            for i, name in enumerate(head)
        ]
        to_the_right = [name in right.split() for name in head]
        self._row([(name, "dim") for name in head], widths, to_the_right)
        for row in rows:
            self._row(row, widths, to_the_right)

    def progress(self, text: str) -> None:
        """A line that the next one replaces; off a terminal, shown once and then left alone."""
        if self._is_terminal:
            self._out.write(f"\r\x1b[K{INDENT}{self.paint(text[: WIDTH - len(INDENT)], 'cyan')}")
            self._out.flush()
        elif not self._moving:
            self._print(f"{INDENT}{text}")
        self._moving = True

    def _row(
        self, row: Sequence[Cell], widths: Sequence[int], to_the_right: Sequence[bool]
    ) -> None:
        self._end_moving()
        parts, used = [], len(INDENT)
        for i, cell in enumerate(row):
            is_last = i == len(row) - 1
            text = _cut(_text(cell), WIDTH - used) if is_last else _text(cell)
            padding = " " * max(
                0, (0 if is_last and not to_the_right[i] else widths[i]) - len(text)
            )
            painted = self.paint(text, _style(cell))
            parts.append(padding + painted if to_the_right[i] else painted + padding)
            used += widths[i] + 2
        self._print((INDENT + "  ".join(parts)).rstrip())

    def _end_moving(self) -> None:
        if self._moving and self._is_terminal:
            self._out.write("\r\x1b[K")
        self._moving = False

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _style(cell: Cell) -> Style:
    return "plain" if isinstance(cell, str) else cell[1]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
