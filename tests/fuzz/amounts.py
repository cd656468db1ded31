"""Orders over the whole range of what may be charged, and their totals as fractions."""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from orchestrator.api.body import parse_json
from orchestrator.api.schemas import MOST_ITEMS, MOST_UNITS, parse_order
from orchestrator.domain import Order, Trace
from orchestrator.money import LARGEST_MINOR_UNITS
from tests.api.in_process import ADDRESS, SKU

Line: TypeAlias = tuple[int, int]
"""Quantity, and price in minor units."""

_TRACE: Final = Trace("r-1", "00-" + "a" * 32 + "-" + "b" * 16 + "-00")
_ORDER_ID: Final = "6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"


@dataclass(frozen=True)
class Basket:
    """Lines in the minor units of any currency."""

    lines: list[Line]

    @property
    def minor(self) -> int:
        """The total in minor units, in integers."""
        return sum(qty * price for qty, price in self.lines)

    def total(self, digits: int) -> Fraction:
        """The total of a currency with so many digits."""
        return Fraction(self.minor, 10**digits)

    def body(self, currency: str, digits: int, *, in_quotes: bool) -> bytes:
        """The request: prices as decimal strings, or as JSON numbers of the same digits."""
        items = [
            {"sku": SKU, "qty": qty, "price": written(price, digits)} for qty, price in self.lines
        ]
        text = json.dumps({"address": ADDRESS, "currency": currency, "items": items})
        if not in_quotes:
            for item in items:
                text = text.replace(f'"price": "{item["price"]}"', f'"price": {item["price"]}')
        return text.encode()


def written(minor: int, digits: int) -> str:
    """Minor units as people write them, made of digits alone: no number type is involved."""
    text = str(minor).zfill(digits + 1)
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def read(body: bytes) -> Order:
    """The order that the service makes of a request; raises `InvalidRequestError`."""
    return parse_order(parse_json(body), order_id=_ORDER_ID, trace=_TRACE)


@st.composite
def baskets(draw: DrawFn, most: int = MOST_ITEMS) -> Basket:
    """1 to `most` lines, 1 to 999 999 units each, any price, up to the largest total."""
    lines: list[Line] = []
    left = LARGEST_MINOR_UNITS
    for _ in range(draw(st.integers(1, most))):
        qty = draw(st.integers(1, MOST_UNITS))
        price = draw(st.integers(0, left // qty))
        lines.append((qty, price))
        left -= qty * price
    return Basket(lines)


@st.composite
def full_baskets(draw: DrawFn, most: int = MOST_ITEMS) -> Basket:
    """Lines that add up to the largest total exactly: what is left over is the last one."""
    begun = draw(baskets(most)).lines[: most - 1]
    return Basket([*begun, (1, LARGEST_MINOR_UNITS - Basket(begun).minor)])
