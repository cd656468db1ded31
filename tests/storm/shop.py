"""What is for sale, what is wished for, and in how many ways one wish can be spelled."""

import json
import random
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tests.storm.contract import DIGITS
from tests.storm.peers import DECLINED_USER, UNSERVED_COUNTRY

HOT: Final = ("HOT-1", "HOT-2", "HOT-3")
PLENTY: Final = tuple(f"SKU-{n}" for n in range(1, 7))
GHOST: Final = "GHOST-1"
USERS: Final = tuple(f"u-{n}" for n in range(1, 41))

_PRICES: Final = {
    "INR": ("499.50", "0.01", "1200.00", "33.33", "0.00"),
    "JPY": ("980", "1", "150000"),
    "BHD": ("9.990", "0.001", "12.345"),
}


@dataclass(frozen=True)
class Line:
    """Units of one article at a price each, the price with the currency's own digits."""

    sku: str
    qty: int
    price: str


@dataclass(frozen=True)
class Wish:
    """An order that somebody wants; `marker` is unique and travels in the address."""

    marker: str
    user: str | None
    country: str
    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> str:
        """What it costs, exactly."""
        digits = Decimal(1).scaleb(-DIGITS[self.currency])
        total = sum((line.qty * Decimal(line.price) for line in self.lines), Decimal(0))
        return str(total.quantize(digits))

    @property
    def address(self) -> dict[str, str]:
        """Where it goes."""
        place = {"city": "Bengaluru", "country": self.country, "postalCode": "560001"}
        return {"line1": self.marker, **place}

    @property
    def items(self) -> list[dict[str, Any]]:
        """As the upstreams are to see them."""
        return [{"sku": line.sku, "qty": line.qty} for line in self.lines]

    @property
    def unknown_sku(self) -> bool:
        """Whether an item does not exist."""
        return any(line.sku == GHOST for line in self.lines)

    @property
    def scarce(self) -> bool:
        """Whether an item may run out."""
        return any(line.sku in HOT for line in self.lines)

    @property
    def declined(self) -> bool:
        """Whether the user cannot pay."""
        return (self.user or "").startswith(DECLINED_USER)

    @property
    def unserved(self) -> bool:
        """Whether nobody ships there."""
        return self.country == UNSERVED_COUNTRY

    @property
    def hopeless(self) -> bool:
        """Whether it can never be confirmed."""
        return self.unknown_sku or self.declined or self.unserved

    def spelled(self, rng: random.Random) -> bytes:
        """The JSON of this wish, in one of many ways that mean the same."""
        lines = [self._line(line, rng) for line in self.lines]
        members = [f'"address": {_shuffled(self.address, rng)}', f'"items": [{", ".join(lines)}]']
        if self.user is not None:
            members.append(f'"userId": {json.dumps(self.user)}')
        if self.currency != "INR" or rng.random() < 0.5:  # INR is the default
            members.append(f'"currency": "{self.currency}"')
        rng.shuffle(members)
        return ("{" + rng.choice([",", ", ", ",\n  "]).join(members) + "}").encode()

    def _line(self, line: Line, rng: random.Random) -> str:
        price = rng.choice([line.price, _without_trailing_zeros(line.price)])
        spelled = rng.choice([price, f'"{price}"'])
        members = [f'"sku": "{line.sku}"', f'"qty": {line.qty}', f'"price": {spelled}']
        rng.shuffle(members)
        return "{" + ", ".join(members) + "}"


def wish(rng: random.Random, *, user: str | None = None) -> Wish:
    """What somebody may want; one in eight can never be confirmed."""
    currency = rng.choices(list(_PRICES), [8, 1, 1])[0]
    skus = [rng.choice(HOT if rng.random() < 0.4 else PLENTY)]  # popular ones
    while rng.random() < 0.4:  # a few lines, now and then one sku twice
        skus.append(rng.choice(PLENTY + HOT))
    person = user or rng.choice(USERS)
    trouble = rng.random()
    if trouble < 0.04:
        skus.append(GHOST)
    elif trouble < 0.08:
        person = f"{DECLINED_USER}-{rng.randrange(5)}"
    anonymous = user is None and trouble > 0.95
    return Wish(
        marker=f"storm {uuid.UUID(int=rng.getrandbits(128), version=4)}",
        user=None if anonymous else person,
        country=UNSERVED_COUNTRY if 0.08 <= trouble < 0.13 else "IN",
        currency=currency,
        lines=tuple(
            Line(sku, rng.choice([1, 1, 1, 2, 3]), rng.choice(_PRICES[currency])) for sku in skus
        ),
    )


def _without_trailing_zeros(price: str) -> str:
    return price.rstrip("0").rstrip(".") if "." in price else price


def _shuffled(members: dict[str, str], rng: random.Random) -> str:
    pairs = list(members.items())
    rng.shuffle(pairs)
    return json.dumps(dict(pairs))
