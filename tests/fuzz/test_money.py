"""Totals are exact for every currency, over the whole range of what may be asked for."""

import re
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import InvalidRequestError
from orchestrator.iso import MINOR_DIGITS
from orchestrator.money import LARGEST_MINOR_UNITS, parse_price, render
from services.payment.money import LARGEST_MINOR_UNITS as LARGEST_CHARGED
from services.payment.money import MINOR_DIGITS as CHARGED_DIGITS
from services.payment.money import to_decimal, to_minor
from tests.fuzz.amounts import Basket, baskets, full_baskets, read, written
from tests.fuzz.effort import examples

ONE_OF_EACH = ("JPY", "INR", "BHD", "CLF")
"""A currency with 0, 2, 3 and 4 digits: there are no others."""

LARGE = settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""For orders of up to 100 lines."""

IN_ALL = settings(max_examples=examples(8))
"""For what is tried in all 165 currencies each time."""

A_FEW = 3
"""Lines of an order that is tried in all currencies: the other bounds are whole."""


def refusals(body: bytes) -> list[tuple[str, str]]:
    """What is wrong with a request, which must be refused."""
    with pytest.raises(InvalidRequestError) as refused:
        read(body)
    return [(error.pointer, error.detail) for error in refused.value.errors]


def assert_exact(basket: Basket, currency: str) -> None:
    """The total and each price are what was sent, in fractions, in quotes or not."""
    digits = MINOR_DIGITS[currency]
    orders = [read(basket.body(currency, digits, in_quotes=quotes)) for quotes in (True, False)]

    assert orders[0] == orders[1]
    assert basket.total(digits) == Fraction(orders[0].total)
    assert [(qty, Fraction(price, 10**digits)) for qty, price in basket.lines] == [
        (item.qty, Fraction(item.price)) for item in orders[0].items
    ]


def assert_bounded(full: Basket, currency: str) -> None:
    """The largest total is accepted, and one minor unit more is refused."""
    digits = MINOR_DIGITS[currency]
    qty, price = full.lines[-1]
    beyond = Basket([*full.lines[:-1], (qty, price + 1)])
    largest = read(full.body(currency, digits, in_quotes=True))

    assert written(LARGEST_MINOR_UNITS, digits) == render(largest.total)
    assert ["/items"] == [
        pointer for pointer, _ in refusals(beyond.body(currency, digits, in_quotes=False))
    ]


@LARGE
@given(basket=baskets(), currency=st.sampled_from(ONE_OF_EACH))
def test_large_totals_are_exact(basket: Basket, currency: str) -> None:
    """Up to a hundred lines add up to the sum of quantity times price as fractions."""
    assert_exact(basket, currency)


@IN_ALL
@given(basket=baskets(A_FEW))
def test_totals_are_exact_in_every_currency(basket: Basket) -> None:
    """What holds of large orders in four currencies holds of small ones in all."""
    for currency in MINOR_DIGITS:
        assert_exact(basket, currency)


@LARGE
@given(full=full_baskets(), currency=st.sampled_from(ONE_OF_EACH))
def test_the_bound_is_exact(full: Basket, currency: str) -> None:
    """The largest total there may be is accepted however it is made up; one unit more is not."""
    assert_bounded(full, currency)


@IN_ALL
@given(full=full_baskets(A_FEW))
def test_the_bound_is_exact_in_every_currency(full: Basket) -> None:
    """15 digits of minor units are the bound of all currencies, whatever a unit is worth."""
    for currency in MINOR_DIGITS:
        assert_bounded(full, currency)


@IN_ALL
@given(minor=st.integers(0, LARGEST_MINOR_UNITS))
def test_what_is_rendered_is_read_again(minor: int) -> None:
    """In every currency an amount has exactly its digits; both sides of the wire read it alike."""
    for currency, digits in MINOR_DIGITS.items():
        text = written(minor, digits)
        price = parse_price(text, currency)

        assert text == render(price)
        assert re.fullmatch(r"[0-9]+" + (rf"\.[0-9]{{{digits}}}" if digits else ""), text)
        assert Fraction(minor, 10**digits) == Fraction(price)
        assert (minor, text) == (to_minor(text, currency), to_decimal(minor, currency))


@IN_ALL
@given(
    whole=st.integers(0, 10**10),
    surplus=st.text("0123456789", max_size=30),
    last=st.sampled_from("123456789"),
    in_quotes=st.booleans(),
)
def test_digits_too_many_are_refused(whole: int, surplus: str, last: str, in_quotes: bool) -> None:
    """A price more precise than its currency is refused in every currency, never rounded."""
    for currency, digits in MINOR_DIGITS.items():
        price = f"{whole}.{'0' * digits}{surplus}{last}"
        sent = f'"{price}"' if in_quotes else price
        body = Basket([(1, 777)]).body(currency, digits, in_quotes=True)
        body = body.replace(f'"{written(777, digits)}"'.encode(), sent.encode())

        assert [("/items/0/price", f"has more than the {digits} decimal digits of {currency}")] == (
            refusals(body)
        )


@given(minor=st.integers(1, LARGEST_MINOR_UNITS), surplus=st.integers(1, 30))
def test_zeros_too_many_change_nothing(minor: int, surplus: int) -> None:
    """499.5, 499.50 and 499.50000 are one price: zeros at the end are no digits."""
    for currency in ONE_OF_EACH:
        digits = MINOR_DIGITS[currency]
        text = written(minor, digits)
        longer = text + ("" if digits else ".") + "0" * surplus
        shorter = text.rstrip("0").rstrip(".") if digits else text

        assert [text, text] == [render(parse_price(way, currency)) for way in (longer, shorter)]


@pytest.mark.parametrize("currency", ONE_OF_EACH)
@pytest.mark.parametrize(("qty", "lines"), [(999_999, 1), (1, 100), (999_999, 100)])
def test_every_bound_alone_is_exact(currency: str, qty: int, lines: int) -> None:
    """At the most units and lines the largest price that fits is accepted, the next refused."""
    digits = MINOR_DIGITS[currency]
    fits = LARGEST_MINOR_UNITS // (qty * lines)
    largest, beyond = Basket([(qty, fits)] * lines), Basket([(qty, fits + 1)] * lines)

    order = read(largest.body(currency, digits, in_quotes=False))
    assert largest.total(digits) == Fraction(order.total)
    assert ["/items"] == [
        pointer for pointer, _ in refusals(beyond.body(currency, digits, in_quotes=True))
    ]


def test_both_sides_of_the_wire_have_one_table() -> None:
    """What the order service asks for is what the payment service charges, up to the same bound."""
    assert MINOR_DIGITS == CHARGED_DIGITS
    assert LARGEST_MINOR_UNITS == LARGEST_CHARGED
    assert 165 == len(MINOR_DIGITS)
    assert {0: 17, 2: 139, 3: 7, 4: 2} == {
        digits: [*MINOR_DIGITS.values()].count(digits) for digits in (0, 2, 3, 4)
    }
