"""Our upstreams do what the contract says, or they could not tell who breaks it."""

from typing import Any

import pytest

from testbed.audit import audit
from tests.storm.books import STOCK, Day, bodies_of
from tests.storm.ledger import books_of


async def test_a_create_after_its_undo_meets_a_tombstone() -> None:
    """Undone for good, whatever arrives later."""
    day = Day()
    order = await day.decline()
    undone = await day.ask("cancel", order["id"])
    late = await day.ask("ship", order["id"], bodies_of(order)["ship"])

    assert (200, 410) == (undone, late)
    assert "cancelled" == day.row(day.shipping, order).status


async def test_a_repeat_is_answered_alike_and_has_no_effect() -> None:
    """A key that is known is answered as before."""
    day = Day()
    order = await day.confirm()
    again = await day.ask("reserve", order["id"], bodies_of(order)["reserve"])

    assert 201 == again
    assert STOCK - 2 == day.inventory.shelves["SKU-1"].on_hand
    assert 1 == day.journal.repeats


async def test_their_books_are_what_the_auditor_reads() -> None:
    """An order that went through and one that was taken back are in order."""
    day = Day()
    await day.confirm()
    await day.decline()
    books = books_of(day.inventory, day.payment, day.shipping)

    assert [] == audit(day.orders, books, {"SKU-1": STOCK})
    assert [] == day.journal.complaints


async def test_money_that_was_taken_twice_is_in_their_books() -> None:
    """What a peer holds is read whole: the auditor finds it."""
    day = Day()
    order = await day.decline()
    day.row(day.payment, order).status = "captured"
    day.row(day.payment, order).body = bodies_of(order)["authorize"]
    books = books_of(day.inventory, day.payment, day.shipping)
    found = audit(day.orders, books, {"SKU-1": STOCK})

    assert {1, 2} == {violation.rule for violation in found}


async def _another_body(day: Day, order: dict[str, Any]) -> None:
    body = {**bodies_of(order)["authorize"], "amount": "1.00"}
    await day.ask("authorize", order["id"], body)


async def _another_key(day: Day, order: dict[str, Any]) -> None:
    await day.ask("capture", order["id"], key="my-own-key")


async def _captured_before_it_was_shipped(day: Day, _: dict[str, Any]) -> None:
    await day.ask("capture", "00000000-0000-4000-8000-0000000000ff")


async def _amount_as_a_number(day: Day, order: dict[str, Any]) -> None:
    body = {**bodies_of(order)["authorize"], "amount": 999}
    await day.ask("authorize", order["id"], body)


@pytest.mark.parametrize(
    "misdeed",
    [_another_body, _another_key, _captured_before_it_was_shipped, _amount_as_a_number],
)
async def test_a_caller_that_breaks_the_contract_is_complained_of(misdeed: Any) -> None:  # noqa: ANN401
    """Bodies, keys and the order of calls are looked at."""
    day = Day()
    order = await day.confirm()
    await misdeed(day, order)

    assert [] != day.journal.complaints
