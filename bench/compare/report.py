"""The cells as tables in Markdown, which reads well enough on a terminal too, and the verdict."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.compare.faults import CALM
from bench.compare.measure import Cell
from bench.compare.orchestrators import OURS
from bench.compare.totals import Totals, totals

BEGIN: Final = "<!-- measured: begin; python -m bench.compare --write writes what follows -->"
END: Final = "<!-- measured: end -->"

Table = Sequence[Sequence[str]]


def names(cells: Sequence[Cell]) -> list[str]:
    """The orchestrators, in the order in which they were measured."""
    return list(dict.fromkeys(cell.orchestrator.name for cell in cells))


def report(cells: Sequence[Cell]) -> str:
    """All tables: one for each group of faults, and one of what they come to."""
    return "\n".join((*_faults(cells), *_summary(cells))) + "\n"


def _faults(cells: Sequence[Cell]) -> Iterator[str]:
    columns = names(cells)
    rows: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault((cell.fault.group, cell.fault.title), {})[cell.orchestrator.name] = cell
    for group, titles in groupby(rows, key=lambda row: row[0]):
        yield from (f"**{group}**", "")
        found = [[row[1], *(_sign(rows[row][name]) for name in columns)] for row in titles]
        yield from (*_markdown(["", *columns], found), "")


def _sign(cell: Cell) -> str:
    return cell.text if cell.whole else f"✗ {cell.text}"


def _summary(cells: Sequence[Cell]) -> Iterator[str]:
    sums = [totals([c for c in cells if c.orchestrator.name == name]) for name in names(cells)]
    yield from ("**All together**", "")
    yield from _markdown(["", *names(cells)], list(_sums(sums)))


def _sums(sums: Sequence[Totals]) -> Iterator[list[str]]:
    yield ["faults without any loss", *(f"{s.faults_without_loss} of {s.faults}" for s in sums)]
    yield ["orders placed", *(str(s.orders) for s in sums)]
    yield ["orders confirmed", *(str(s.confirmed) for s in sums)]
    yield ["orders never final", *(str(s.losses.unfinished) for s in sums)]
    yield ["money at risk", *(str(s.money_at_risk) for s in sums)]
    yield ["– charged twice, or not confirmed", *(str(s.losses.wrongly_charged) for s in sums)]
    yield ["– confirmed without payment", *(str(s.losses.unpaid) for s in sums)]
    yield ["– set aside and forgotten", *(str(s.losses.set_aside) for s in sums)]
    yield ["parcels sent in excess", *(str(s.losses.parcels_extra) for s in sums)]
    yield ["units sold to nobody", *(str(s.losses.units_gone) for s in sums)]
    yield ["clients told what is not true", *(str(s.losses.told_wrong) for s in sums)]
    yield ["created to final, no fault, median", *(f"{s.calm_final_s:.2f} s" for s in sums)]
    yield ["created to final, longest", *(f"{s.longest_final_s:.1f} s" for s in sums)]
    yield ["fault over to final, longest", *(f"{s.longest_healed_s:.1f} s" for s in sums)]


def _markdown(head: Sequence[str], rows: Table) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


class Page:
    """A page with a place for the tables, between two marks.

    Raises:
        ValueError: It has none; found out before minutes are spent on measuring.
    """

    _PLACE: Final = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = path.read_text(encoding="utf-8")
        if not self._PLACE.search(self._text):
            raise ValueError(f"{path} has no place for the tables: write {BEGIN} and {END} into it")

    def write(self, tables: str) -> None:
        """Put the tables into their place, and leave the rest."""
        text = self._PLACE.sub(lambda _: f"{BEGIN}\n\n{tables}\n{END}", self._text)
        self._path.write_text(text, encoding="utf-8")


def _may_lose(cell: Cell) -> bool:
    """Others may lose something, but not when nothing fails: they would not have had a chance."""
    return cell.orchestrator != OURS and cell.fault.group != CALM


def complaints(cells: Sequence[Cell]) -> list[str]:
    """Why this measurement must not pass: a loss of ours, a cell that is none, or an idle test."""
    found = [
        f"{cell.orchestrator.name}: {cell.fault.title}: {cell.text}"
        for cell in cells
        if cell.outcome is None or not (cell.whole or _may_lose(cell))
    ]
    others = [cell for cell in cells if cell.orchestrator != OURS]
    if others and all(cell.whole for cell in others):
        found.append("nobody lost anything: these faults measure nothing")
    return found
