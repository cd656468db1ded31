"""The tables, the page they go into, and when a comparison must not pass."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.compare.calls import FORWARD
from bench.compare.faults import CALM, FAULTS
from bench.compare.losses import losses
from bench.compare.measure import Cell
from bench.compare.orchestrators import CAREFUL, OURS, TUTORIAL
from bench.compare.report import BEGIN, END, Page, complaints, report
from bench.compare.scene import Outcome
from orchestrator.saga.table import ORDER_SAGA
from testbed.audit import audit
from tests.bench.orders import STOCK, books, order

COMPARISON = Path(__file__).parents[2] / "docs" / "comparison.md"

CALM_FAULT = next(fault for fault in FAULTS if fault.group == CALM)
FAULT = next(fault for fault in FAULTS if fault.group != CALM)

_LOST = audit([order()], books(payment="refunded"), STOCK)
WHOLE = Outcome(1, 1, (), losses([order()], books(), ()), (0.25,), 0.0)
SPOILT = replace(
    WHOLE, violations=tuple(_LOST), losses=losses([order()], books(payment="refunded"), _LOST)
)

FINE = [Cell(FAULT, OURS, WHOLE), Cell(FAULT, TUTORIAL, SPOILT)]


def test_tables() -> None:
    """A row shows a tick or the loss; the last table adds up."""
    lines = report(FINE).splitlines()

    assert f"| {FAULT.title} | ✓ | ✗ confirmed without payment: 499.00 |" in lines
    assert "| money at risk | 0.00 | 499.00 |" in lines
    assert "| faults without any loss | 1 of 1 | 0 of 1 |" in lines


def test_passes() -> None:
    """A comparison passes in which only the others lose."""
    assert [] == complaints(FINE)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        pytest.param(
            [Cell(FAULT, OURS, SPOILT), Cell(FAULT, TUTORIAL, SPOILT)],
            "this service: ",
            id="we lost something",
        ),
        pytest.param(
            [Cell(FAULT, OURS, WHOLE), Cell(FAULT, CAREFUL, WHOLE)], "nobody lost", id="vacuous"
        ),
        pytest.param(
            [*FINE, Cell(FAULT, CAREFUL, None, "no fault")], "not measured", id="not measured"
        ),
        pytest.param([*FINE, Cell(CALM_FAULT, CAREFUL, SPOILT)], "careful: ", id="not fair"),
    ],
)
def test_does_not_pass(cells: list[Cell], words: str) -> None:
    """It fails when we lose, when nobody does, when a cell is missing or a rival never worked."""
    (complaint,) = complaints(cells)

    assert words in complaint


def test_page_is_written(tmp_path: Path) -> None:
    """What stands between the marks is replaced, the rest stays."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    Page(page).write("new\n")

    assert f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n" == page.read_text()


def test_page_without_marks(tmp_path: Path) -> None:
    """A page that has no place for the tables is refused before anything is measured."""
    page = tmp_path / "page.md"
    page.write_text("words\n")

    with pytest.raises(ValueError, match="no place for the tables"):
        Page(page)


def test_page_shows_every_fault() -> None:
    """docs/comparison.md was written by this table of faults, and this service lost nothing."""
    rows = [
        line.split(" | ") for line in COMPARISON.read_text().splitlines() if line.startswith("| ")
    ]
    shown = [(cells[0].removeprefix("| "), cells[1]) for cells in rows]

    assert [(fault.title, "✓") for fault in FAULTS] == [row for row in shown if row[1] == "✓"]


def test_every_step_is_called() -> None:
    """Every step of the saga meets every fault of a call; a new one is missed here."""
    steps = [*(step.name for step in ORDER_SAGA), "the last write"]

    assert steps == list(FORWARD)
