"""What is asked of the payment service, and what it has in its books, is the total exactly."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from orchestrator.iso import MINOR_DIGITS
from orchestrator.money import LARGEST_MINOR_UNITS
from tests.api.in_process import Body, Whole, whole
from tests.fuzz.amounts import Basket, written
from tests.fuzz.effort import examples

Sent: TypeAlias = tuple[str, Basket, bool]
"""Currency, lines, and whether the prices are in quotes."""

ONE_OF_EACH: Final = ("JPY", "INR", "BHD", "CLF")
"""A currency with 0, 2, 3 and 4 digits: there are no others."""

AT_ONCE: Final = 16
"""Orders in flight: fewer than one replica takes."""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Whole]:
    """Give the order service over the real reference upstreams."""
    async with whole(tmp_path) as running:
        yield running


def some_basket(chance: random.Random) -> Basket:
    """A few lines of amounts of every size."""
    lines = [(chance.randint(1, 10 ** chance.randint(0, 5)), chance.randint(0, 10**8))]
    lines += [(1, chance.randint(0, 10 ** chance.randint(0, 14))) for _ in range(2)]
    return Basket(lines)


@pytest.mark.parametrize("seed", range(examples(1)))
async def test_what_is_charged(shop: Whole, seed: int) -> None:
    """In every currency the client is told, and the payment service has, the exact total."""
    chance = random.Random(seed)  # noqa: S311 - the same orders every time
    orders = [(currency, some_basket(chance), chance.random() < 0.5) for currency in MINOR_DIGITS]
    largest = Basket([(1, LARGEST_MINOR_UNITS)])
    orders += [(currency, largest, False) for currency in ONE_OF_EACH]
    for some in batched(orders, AT_ONCE):
        await asyncio.gather(*(assert_charged(shop, *order) for order in some))


def batched(orders: list[Sent], size: int) -> Iterator[list[Sent]]:
    """So many at a time."""
    return (orders[first : first + size] for first in range(0, len(orders), size))


async def assert_charged(shop: Whole, currency: str, basket: Basket, in_quotes: bool) -> None:
    """The answer and the books agree with the sum."""
    digits = MINOR_DIGITS[currency]
    answer = await shop.place(basket.body(currency, digits, in_quotes=in_quotes))
    order = answer.json()
    (payment,) = await payments_of(shop, order["id"])

    assert 201 == answer.status_code
    assert (written(basket.minor, digits), currency) == (order["total"], order["currency"])
    assert (order["total"], currency) == (payment["amount"], payment["currency"])
    assert "captured" == payment["status"]
    assert basket.total(digits) == Fraction(payment["amount"])


async def payments_of(shop: Whole, order_id: str) -> list[Body]:
    """The payments of an order, as the payment service has them."""
    answer = await shop.upstreams["payment"].get("/payments", params={"orderId": order_id})
    items: list[Body] = answer.json()["items"]
    return items
