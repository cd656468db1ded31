"""Our upstreams do what the contract says, or they could not tell who breaks it."""

from typing import Any

import pytest

from tests.storm.books import STOCK, Books, Placed, bodies_of


async def test_a_create_after_its_undo_meets_a_tombstone() -> None:
    """Undone for good, whatever arrives later."""
    books = Books()
    placed = await books.decline()
    create = bodies_of(placed.order)["ship"]
    undone = await books.ask("cancel", placed.id)
    late = await books.ask("ship", placed.id, create)

    assert (200, 410) == (undone, late)
    assert "cancelled" == books.row(books.shipping, placed).status


async def test_a_repeat_is_answered_alike_and_has_no_effect() -> None:
    """A key that is known is answered as before."""
    books = Books()
    placed = await books.confirm()
    again = await books.ask("reserve", placed.id, bodies_of(placed.order)["reserve"])

    assert 201 == again
    assert STOCK - 2 == books.inventory.shelves["SKU-1"].on_hand
    assert 1 == books.journal.repeats


async def _another_body(books: Books, placed: Placed) -> None:
    body = {**bodies_of(placed.order)["authorize"], "amount": "1.00"}
    await books.ask("authorize", placed.id, body)


async def _another_key(books: Books, placed: Placed) -> None:
    await books.ask("capture", placed.id, key="my-own-key")


async def _captured_before_it_was_shipped(books: Books, _: Placed) -> None:
    await books.ask("capture", "00000000-0000-4000-8000-0000000000ff")


async def _amount_as_a_number(books: Books, placed: Placed) -> None:
    body = {**bodies_of(placed.order)["authorize"], "amount": 999}
    await books.ask("authorize", placed.id, body)


@pytest.mark.parametrize(
    "misdeed",
    [_another_body, _another_key, _captured_before_it_was_shipped, _amount_as_a_number],
)
async def test_a_caller_that_breaks_the_contract_is_complained_of(misdeed: Any) -> None:  # noqa: ANN401
    """Bodies, keys and the order of calls are looked at."""
    books = Books()
    placed = await books.confirm()
    await misdeed(books, placed)

    assert [] != books.journal.complaints
