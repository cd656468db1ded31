"""The auditor goes red on doctored books: each rule of section 5, broken by hand."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.saga.table import ORDER_SAGA
from proof.audit import Answered, audit
from proof.books import Books
from proof.matrix import find_case
from proof.outcome import Outcome
from proof.stage import Stage
from proof.world import SKU, UNITS

Doctor = Callable[[Books], Books]


def rules(books: Books, answered: Iterable[Answered]) -> set[str]:
    """The rules that the auditor finds broken."""
    return {violation.rule for violation in audit(books, {SKU: UNITS}, list(answered))}


def played(stage: Stage, name: str) -> Outcome:
    """The run of a case, whose books may be doctored."""
    return copy.deepcopy(stage.play(find_case(ORDER_SAGA, name)))


def row(books: Books, table: str, **changed: object) -> Books:
    """The books with the only row of a table changed."""
    rows: list[dict[str, Any]] = getattr(books, table)
    return replace(books, **{table: [{**rows[0], **changed}]})  # type: ignore[arg-type]


def record(books: Books, **changed: object) -> Books:
    """The books with the only order changed."""
    (name,) = books.orders
    changes: dict[str, Any] = changed
    return replace(books, orders={name: replace(books.orders[name], **changes)})


CONFIRMED: dict[str, tuple[Doctor, str]] = {
    "not captured": (lambda books: row(books, "payments", status="authorized"), "5.1"),
    "another amount": (lambda books: row(books, "payments", amount_minor=1), "5.1"),
    "another id": (lambda books: row(books, "payments", id="p-2"), "5.1"),
    "no shipment": (lambda books: replace(books, shipments=[]), "5.1"),
    "shipment of other items": (lambda books: row(books, "shipments", items="[]"), "5.1"),
    "not committed": (lambda books: row(books, "reservations", status="released"), "5.1"),
    "captured twice": (
        lambda books: replace(books, ledger=[*books.ledger, books.ledger[1]]),
        "5.1",
    ),
    "of no order": (lambda books: row(books, "shipments", order_id="o-2"), "5.2"),
    "not final": (lambda books: record(books, status="PENDING"), "5.4"),
    "sold and still there": (lambda books: replace(books, stock={SKU: (1, 0)}), "5.5"),
    "held for nobody": (lambda books: replace(books, stock={SKU: (0, 1)}), "5.5"),
    "told 201, then failed": (lambda books: record(books, status="FAILED"), "5.6"),
}
FAILED: dict[str, tuple[Doctor, str]] = {
    "money kept": (lambda books: row(books, "payments", status="captured"), "5.2"),
    "a live shipment": (lambda books: row(books, "shipments", status="created"), "5.2"),
    "stock held": (lambda books: row(books, "reservations", status="reserved"), "5.2"),
    "not refunded": (lambda books: replace(books, ledger=books.ledger[:2]), "5.1"),
    "not voided": (lambda books: replace(books, ledger=books.ledger[:1]), "5.2"),
    "told it was undone": (lambda books: record(books, status="CONFIRMED"), "5.6"),
}


@pytest.mark.parametrize("name", CONFIRMED)
def test_what_a_confirmed_order_must_have(stage: Stage, name: str) -> None:
    """A confirmed order whose books are doctored is found out by the rule that forbids it."""
    outcome = played(stage, "well/")
    doctor, rule = CONFIRMED[name]

    assert set() == rules(outcome.books, outcome.answered)
    assert rule in rules(doctor(outcome.books), outcome.answered)


@pytest.mark.parametrize("name", FAILED)
def test_what_a_failed_order_must_not_have(stage: Stage, name: str) -> None:
    """A failed order whose books are doctored is found out by the rule that forbids it."""
    outcome = played(stage, "refused/")
    doctor, rule = FAILED[name]

    assert set() == rules(outcome.books, outcome.answered)
    assert rule in rules(doctor(outcome.books), outcome.answered)


def test_two_orders_under_one_key(stage: Stage) -> None:
    """Rule 3 counts the orders of a caller, all of whose requests have one key."""
    outcome = played(stage, "well/rival")
    one, other = outcome.books.orders.values()
    books = replace(
        outcome.books,
        orders={one.id: one, other.id: replace(other, caller=one.caller)},
    )

    assert "5.3" in rules(books, outcome.answered)


def test_a_replay_that_differs(stage: Stage) -> None:
    """Rule 3 also holds the answers under one key against each other."""
    outcome = played(stage, "well/asked-again")
    first, again = outcome.answered
    other = replace(again, told=replace(again.told, body={**again.told.body, "total": "1.00"}))

    assert {"5.3"} == rules(outcome.books, [first, other])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, {"id": "", "status": "PENDING"}),
        (504, {"orderId": "", "compensation": "completed"}),
        (503, {"compensation": "none"}),
        (502, {"orderId": "", "orderStatus": "COMPENSATING", "compensation": "pending"}),
        (500, {"detail": "a bare error"}),
    ],
)
def test_what_a_client_is_told_must_have_been_true(
    stage: Stage, status: int, body: dict[str, Any]
) -> None:
    """Each lie that can be told of an order that is PENDING then and CONFIRMED in the end."""
    outcome = played(stage, "well/")
    (answer,) = outcome.answered
    (order,) = outcome.books.orders.values()
    named = {member: value or order.id for member, value in body.items()}
    pending = replace(order, status="PENDING", progress={"pivotPassed": False})
    lie = replace(answer, told=replace(answer.told, status=status, body=named), record=pending)

    assert {"5.6"} == rules(outcome.books, [replace(lie, own_order=order.id)])
