"""The bytes of a request become JSON with exact numbers, or are refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.body import parse_json
from orchestrator.errors import MalformedBodyError


def test_numbers_are_exact() -> None:
    """No number passes through a binary float."""
    parsed = parse_json(b'{"price": 499.10, "tiny": 1e-7, "qty": 3}')

    assert {"price": Decimal("499.10"), "tiny": Decimal("1e-7"), "qty": 3} == parsed
    assert [Decimal, Decimal, int] == [type(number) for number in parsed.values()]


def test_what_is_no_number_is_let_through_to_be_pointed_at() -> None:
    """Validation says where NaN stands; the parser could not."""
    parsed = parse_json(b"[NaN, Infinity, -Infinity]")

    assert ["NaN", "Infinity", "-Infinity"] == [str(number) for number in parsed]


def test_an_integer_of_very_many_digits_costs_nothing() -> None:
    """Making an int of a million digits takes minutes; it is no quantity and no price."""
    assert isinstance(parse_json(b"9" * 1_000_000), Decimal)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a": }',
        b"{'a': 1}",
        b"nul",
        b'"\x01"',
        b"\xff\xfe{}",
        b'"\xed\xa0\x80"',
        b"[" * 100000,
        b'{"a":' * 100000,
        b"1 2",
        b"\xef\xbb\xbf{}",
    ],
    ids=range(12),
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    """Cut, misspelt, wrongly encoded or endlessly nested: one error, with words."""
    with pytest.raises(MalformedBodyError) as refused:
        parse_json(content)

    assert str(refused.value).startswith("the body is ")


@pytest.mark.parametrize(
    "number", ["1e99999999999999999999", "1e-99999999999999999999", "0e99999999999999999999"]
)
def test_a_number_with_an_exponent_beyond_all_bounds_breaks_nothing(number: str) -> None:
    """A short text for a number that no machine holds is refused, or let through as no number."""
    try:
        parsed = parse_json(f'{{"price": {number}}}'.encode())
    except MalformedBodyError:
        return

    assert isinstance(parsed["price"], Decimal)


@given(content=st.binary(max_size=60))
def test_any_bytes_are_json_or_refused(content: bytes) -> None:
    """No body breaks the parser."""
    try:
        parse_json(content)
    except MalformedBodyError:
        return
