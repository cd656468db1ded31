"""The tables of currencies and countries are what the standards say, as far as it costs money."""

import pytest

from orchestrator.iso import COUNTRIES, MINOR_DIGITS


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("INR", 2),
        ("USD", 2),
        ("EUR", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("BHD", 3),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("ISK", 0),
        ("HUF", 2),
    ],
)
def test_a_currency_has_its_own_digits(code: str, digits: int) -> None:
    """The currencies that are got wrong elsewhere have the digits of ISO 4217."""
    assert digits == MINOR_DIGITS[code]


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XDR", "ZZZ", "inr", ""])
def test_what_nobody_is_charged_in_is_no_currency(code: str) -> None:
    """Gold, test codes, invented and lower-case codes are not accepted."""
    assert code not in MINOR_DIGITS


def test_codes_are_well_formed() -> None:
    """Currencies are three capital letters, countries two."""
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in MINOR_DIGITS)
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in COUNTRIES)


def test_every_country_of_the_standard_is_there() -> None:
    """ISO 3166-1 has 249 countries, and has neither the UK nor Kosovo under those letters."""
    assert 249 == len(COUNTRIES)
    assert {"IN", "US", "GB", "AQ", "BQ", "CW", "SX", "SS"} <= COUNTRIES
    assert not {"UK", "EU", "XK", "AN", "YU"} & COUNTRIES
