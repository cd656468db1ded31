"""The model's steps are those of the table: another table, another verdict."""

from dataclasses import replace
from typing import Never

import pytest

from clients.call import CallLimits
from orchestrator.domain import Order
from orchestrator.saga.step import Step, Undo, Upstreams
from orchestrator.saga.table import ORDER_SAGA
from proof.model.bounds import SMALL_WORLDS, Bounds
from proof.model.rules import ALL_RULES
from proof.model.verdict import Searched, searched

Table = tuple[Step, ...]

RESERVE, AUTHORIZE, SHIP, CAPTURE, COMMIT = ORDER_SAGA
LEASED: Bounds = SMALL_WORLDS[0]


async def _never(_: Upstreams, __: Order, ___: CallLimits) -> Never:
    raise AssertionError


SCREEN = Step("screen", "fraud", _never, Undo("drop", _never))
ANNOUNCE = Step("announce", "mail", _never)


def _over(table: Table) -> Searched:
    return searched(table, ALL_RULES, LEASED)


def _called(found: Searched) -> set[str]:
    return {move.what for came in found.result.known.values() if came for move in came[1:]}


def test_the_model_calls_what_the_table_names() -> None:
    """Every step of the product's table and every undo of it is called in some state."""
    operations = {step.name for step in ORDER_SAGA}
    operations |= {step.undo.operation for step in ORDER_SAGA if step.undo is not None}

    assert operations <= _called(_over(ORDER_SAGA))


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        pytest.param(
            (RESERVE, AUTHORIZE, replace(SHIP, undo=None), CAPTURE, COMMIT),
            "FAILED, and the shipment is created (5.2)",
            id="a shipment that nothing undoes",
        ),
        pytest.param(
            (replace(RESERVE, undo=None), AUTHORIZE, SHIP, CAPTURE, COMMIT),
            "FAILED, and the reservation is reserved (5.2)",
            id="a reservation that nothing undoes",
        ),
        pytest.param(
            (RESERVE, AUTHORIZE, SHIP, COMMIT),
            "CONFIRMED, and the payment is authorized (5.1)",
            id="money that is never taken",
        ),
        pytest.param(
            (RESERVE, AUTHORIZE, SHIP, CAPTURE),
            "CONFIRMED, and the reservation is reserved (5.1)",
            id="units that stay on the shelf",
        ),
        pytest.param(
            (RESERVE, AUTHORIZE, CAPTURE, COMMIT),
            "CONFIRMED, and the shipment is unknown (5.1)",
            id="a parcel that nobody made ready",
        ),
        pytest.param(
            (RESERVE, replace(AUTHORIZE, pivot=True), SHIP, replace(CAPTURE, pivot=False), COMMIT),
            "the client was told 202, and is not charged (2, 5.6)",
            id="the pivot before the money is taken",
        ),
        pytest.param(
            (RESERVE, AUTHORIZE, SHIP, replace(COMMIT, pivot=True), replace(CAPTURE, pivot=False)),
            "the client was told 202, and is not charged (2, 5.6)",
            id="commit before capture, and the pivot",
        ),
    ],
)
def test_a_wrong_table_is_found(table: Table, broken: str) -> None:
    """A step left out, an undo forgotten or the pivot misplaced breaks a promise."""
    found = _over(table)

    assert broken == str(found.result.violation)


def test_capture_before_authorize_confirms_nothing() -> None:
    """An order that can never go through breaks no promise, and is not said to hold."""
    found = _over((RESERVE, CAPTURE, AUTHORIZE, SHIP, COMMIT))

    assert None is found.result.violation
    assert "an order that is CONFIRMED" in found.in_vain


@pytest.mark.parametrize(
    "table",
    [
        pytest.param((RESERVE, AUTHORIZE, SCREEN, SHIP, CAPTURE, COMMIT), id="a step more"),
        pytest.param((RESERVE, AUTHORIZE, SHIP, COMMIT, CAPTURE), id="commit first"),
    ],
)
def test_a_right_table_holds(table: Table) -> None:
    """A step more needs no word of the model; a release takes back what is committed, too."""
    found = _over(table)

    assert (None, "") == (found.result.violation, found.in_vain)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param((RESERVE, AUTHORIZE, ANNOUNCE, SHIP, CAPTURE, COMMIT), id="before the pivot"),
        pytest.param((*ORDER_SAGA, ANNOUNCE), id="past the pivot"),
    ],
)
def test_what_cannot_be_undone_may_be_left_over(table: Table) -> None:
    """Past the pivot too: who takes an old order over need not know that the pivot was passed."""
    found = _over(table)

    assert "FAILED, and the mail case is live (5.2)" == str(found.result.violation)
