"""Exact money: decimals with the currency's own number of digits, never a binary float."""

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

from orchestrator.iso import MINOR_DIGITS

_EXACT: Final = Context(prec=40, traps=[Inexact, InvalidOperation])
"""Rounding is an error here. 40 digits hold the largest sum that can be asked for: 100 items of
999 999 times a price of 15 digits have 23."""

_PLAIN_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""As the API documents it; a minus sign is let through to be told as one."""

LARGEST_MINOR_UNITS: Final = 999_999_999_999_999
"""15 digits in minor units: more than any order is worth, and exact in whatever an upstream uses
(a 64-bit integer, a NUMERIC(15), even a double)."""

_ZERO: Final = Decimal(0)

_LARGEST: Final = {
    digits: Decimal(LARGEST_MINOR_UNITS).scaleb(-digits) for digits in set(MINOR_DIGITS.values())
}
_EXACT_TEXT: Final = {
    digits: re.compile(rf"[0-9]{{1,{15 - digits}}}" + (rf"\.[0-9]{{{digits}}}" if digits else ""))
    for digits in _LARGEST
}
"""A price as most are sent: with exactly the currency's digits, at most 15 of them in all."""


class MoneyError(ValueError):
    """An amount that is not money in this currency; the text says why."""


def parse_price(value: object, currency: str) -> Decimal:
    """Read a price (decimal string, int or Decimal) with exactly the currency's digits.

    Raises `MoneyError` when it is not a plain decimal number, negative, not finite, more precise
    than the currency, or too large to be money.
    """
    digits = MINOR_DIGITS[currency]
    if type(value) is str and _EXACT_TEXT[digits].fullmatch(value):
        return Decimal(value)  # nothing of what follows could be found wrong with it
    amount = _decimal(value)
    if not amount.is_finite():
        message = "must be a finite number"
        raise MoneyError(message)
    if amount.is_signed() and amount != 0:
        message = "must not be negative"
        raise MoneyError(message)
    # Looked at before any arithmetic: 1e999999999 is a short text and a very long number.
    if amount and amount.adjusted() > len(str(LARGEST_MINOR_UNITS)):
        message = "is too large to be money"
        raise MoneyError(message)
    # Not abs(): that rounds to the 28 digits of the context at hand.
    return _with_digits(amount.copy_abs(), digits, currency)


def total_of(lines: Iterable[tuple[int, Decimal]], currency: str) -> Decimal:
    """Sum of quantity × price, exactly; raises `MoneyError` when it is too large to be money."""
    total = _ZERO
    for qty, price in lines:
        total = _EXACT.add(total, _EXACT.multiply(Decimal(qty), price))
    if total > _LARGEST[MINOR_DIGITS[currency]]:
        message = (
            f"the total is too large to be money (more than {LARGEST_MINOR_UNITS} minor units)"
        )
        raise MoneyError(message)
    return _with_digits(total, MINOR_DIGITS[currency], currency)


def render(amount: Decimal) -> str:
    """The amount as a decimal string, never in exponent notation."""
    return f"{amount:f}"


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        message = "must be a number or a decimal string"
        raise MoneyError(message)
    if isinstance(value, str) and not _is_plain_number(value):
        message = 'must be a decimal number such as "499.50"'
        raise MoneyError(message)
    try:
        return Decimal(value)
    except (InvalidOperation, ValueError) as error:
        message = 'must be a decimal number such as "499.50"'
        raise MoneyError(message) from error


def _is_plain_number(text: str) -> bool:
    """Digits, with a point between digits if any: no spaces, underscores or exponents."""
    return _PLAIN_NUMBER.fullmatch(text) is not None


def _with_digits(amount: Decimal, digits: int, currency: str) -> Decimal:
    try:
        return amount.quantize(Decimal(1).scaleb(-digits), context=_EXACT)
    except (Inexact, InvalidOperation) as error:
        message = f"has more than the {digits} decimal digits of {currency}"
        raise MoneyError(message) from error
