"""Amounts are exact decimals with the currency's own digits, or they are refused."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.iso import MINOR_DIGITS
from orchestrator.money import LARGEST_MINOR_UNITS, MoneyError, parse_price, render, total_of

CURRENCIES = st.sampled_from(["JPY", "INR", "BHD", "CLF"])


@pytest.mark.parametrize(
    ("given_price", "currency", "expected"),
    [
        ("499.5", "INR", "499.50"),
        ("499.50", "INR", "499.50"),
        ("499.500", "INR", "499.50"),
        (Decimal("499.50"), "INR", "499.50"),
        (Decimal("4.995e2"), "INR", "499.50"),
        (999, "JPY", "999"),
        ("999", "JPY", "999"),
        ("9.99", "BHD", "9.990"),
        ("1.2345", "CLF", "1.2345"),
        ("007", "INR", "7.00"),
        ("0", "INR", "0.00"),
        ("-0", "INR", "0.00"),
        ("1" + ".0" + "0" * 60, "INR", "1.00"),
    ],
)
def test_a_price_is_shown_with_the_digits_of_its_currency(
    given_price: object, currency: str, expected: str
) -> None:
    """However it was written, a price has exactly its currency's decimals and no exponent."""
    assert expected == render(parse_price(given_price, currency))


@pytest.mark.parametrize(
    ("given_price", "currency", "why"),
    [
        ("1.005", "INR", "has more than the 2 decimal digits of INR"),
        (Decimal("0.5"), "JPY", "has more than the 0 decimal digits of JPY"),
        ("1.2345", "BHD", "has more than the 3 decimal digits of BHD"),
        (Decimal("1e-999999"), "INR", "has more than the 2 decimal digits of INR"),
        (Decimal("NaN"), "INR", "must be a finite number"),
        (Decimal("sNaN"), "INR", "must be a finite number"),
        (Decimal("Infinity"), "INR", "must be a finite number"),
        (Decimal("-Infinity"), "INR", "must be a finite number"),
        ("-1", "INR", "must not be negative"),
        (-1, "INR", "must not be negative"),
        (Decimal("1e999999"), "INR", "is too large to be money"),
        (10**20, "JPY", "is too large to be money"),
        (499.5, "INR", "must be a number or a decimal string"),
        (True, "INR", "must be a number or a decimal string"),
        (None, "INR", "must be a number or a decimal string"),
        (["1"], "INR", "must be a number or a decimal string"),
    ],
)
def test_what_is_no_money_is_refused_with_the_reason(
    given_price: object, currency: str, why: str
) -> None:
    """Nothing is rounded, and nothing that is no plain amount becomes one."""
    with pytest.raises(MoneyError, match=why):
        parse_price(given_price, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1,5",
        "1_000",
        "1e2",
        "NaN",
        "Infinity",
        "0x1",
        "--1",
        "-",
        ".",
        "1.2.3",
        "+1",
        "٣",
        "1\n",
        "½",
    ],
)
def test_a_text_that_is_no_plain_number_is_refused(text: str) -> None:
    """Spaces, exponents, separators, names and foreign digits are not what a price is made of."""
    with pytest.raises(MoneyError, match="must be a decimal number such as"):
        parse_price(text, "INR")


@pytest.mark.parametrize("zeros", [25, 30, 35, 60, 1000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_digit_far_behind_the_point_is_not_lost(zeros: int, sign: str) -> None:
    """Beyond the digits that decimals are usually rounded to, a price is as exact as before it."""
    with pytest.raises(MoneyError):
        parse_price(f"{sign}1.{'0' * zeros}1", "INR")


def test_a_huge_exponent_costs_nothing() -> None:
    """A short text for a number of a million digits is refused before anybody computes with it."""
    with pytest.raises(MoneyError, match="too large"):
        parse_price(Decimal("1e999999999999999999"), "INR")


@given(currency=CURRENCIES, minor=st.integers(0, LARGEST_MINOR_UNITS))
def test_every_amount_survives_the_way_out_and_in(currency: str, minor: int) -> None:
    """What is rendered is read back as the same amount, in the same digits."""
    digits = MINOR_DIGITS[currency]
    price = Decimal(minor).scaleb(-digits)

    shown = render(parse_price(price, currency))

    assert price == parse_price(shown, currency)
    assert shown == render(parse_price(shown, currency))
    assert digits == len(shown.partition(".")[2])


@given(
    currency=CURRENCIES,
    lines=st.lists(
        st.tuples(st.integers(1, 999_999), st.integers(0, 10**6)), min_size=1, max_size=100
    ),
)
def test_a_total_is_the_exact_sum(currency: str, lines: list[tuple[int, int]]) -> None:
    """The total equals the sum of quantity times price, computed in fractions."""
    digits = MINOR_DIGITS[currency]
    exact = sum(Fraction(qty * minor, 10**digits) for qty, minor in lines)
    assume(exact * 10**digits <= LARGEST_MINOR_UNITS)
    prices = [(qty, Decimal(minor).scaleb(-digits)) for qty, minor in lines]

    assert exact == Fraction(total_of(prices, currency))


@given(text=st.text(alphabet="0123456789.-+_, eEINaf\n٣½", max_size=12))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    """No text breaks the parser; what it accepts is finite, not negative and in whole digits."""
    try:
        price = parse_price(text, "INR")
    except MoneyError:
        return

    assert price >= 0
    assert -2 == price.as_tuple().exponent


@given(price=st.decimals() | st.decimals(0, 1, places=35))
def test_any_decimal_is_an_amount_or_refused(price: Decimal) -> None:
    """No decimal breaks the parser; what it accepts it has not changed."""
    try:
        parsed = parse_price(price, "BHD")
    except MoneyError:
        return

    assert price == parsed


def test_the_largest_total_is_accepted_and_one_more_is_not() -> None:
    """The bound is 15 digits of minor units, that number included."""
    largest = Decimal(LARGEST_MINOR_UNITS)

    assert largest == total_of([(1, largest)], "JPY")
    with pytest.raises(MoneyError, match="too large to be money"):
        total_of([(1, largest), (1, Decimal(1))], "JPY")


def test_the_largest_order_that_can_be_asked_for_is_refused_not_rounded() -> None:
    """A hundred full lines at the largest price are too much money, and no arithmetic error."""
    dearest = parse_price("9999999999999999.99", "INR")

    with pytest.raises(MoneyError, match="too large to be money"):
        total_of([(999_999, dearest)] * 100, "INR")


def test_a_total_has_the_currency_digits() -> None:
    """Two at 499.50 are 999.00, not 999.0."""
    assert "999.00" == render(total_of([(2, Decimal("499.50"))], "INR"))
    assert "999" == render(total_of([(3, Decimal(333))], "JPY"))
    assert "29.970" == render(total_of([(3, Decimal("9.990"))], "BHD"))
