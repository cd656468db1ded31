"""What is for sale, what is wished for, and in how many ways one wish can be spelled."""

import json
import random
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from chaos.deck import chance

DIGITS: Final = {"INR": 2, "JPY": 0, "BHD": 3}
"""Minor digits of the currencies that are ordered in; none of them by chance the same."""

DECLINED_USER: Final = "decline"
"""Payments of users whose name begins so are declined."""

UNSERVED_COUNTRY: Final = "AQ"
"""Where nobody ships to."""

HOT: Final = ("HOT-1", "HOT-2", "HOT-3")
PLENTY: Final = tuple(f"SKU-{n}" for n in range(1, 7))
GHOST: Final = "GHOST-1"
USERS: Final = tuple(f"u-{n}" for n in range(1, 41))

_TROUBLES: Final = {"none": 82, "unknown sku": 4, "declined": 4, "unserved": 5, "anonymous": 5}
"""What is unusual about a wish, in percent; to be anonymous is no trouble, but unusual."""

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
        if self.currency != "INR" or chance(rng, 0.5):  # INR is the default
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
    skus = [rng.choice(HOT if chance(rng, 0.4) else PLENTY)]
    while chance(rng, 0.4):  # a few lines, now and then one sku twice
        skus.append(rng.choice(PLENTY + HOT))
    person = user or rng.choice(USERS)
    trouble = rng.choices(list(_TROUBLES), list(_TROUBLES.values()))[0]
    if trouble == "unknown sku":
        skus.append(GHOST)
    elif trouble == "declined":
        person = f"{DECLINED_USER}-{rng.randrange(5)}"
    anonymous = user is None and trouble == "anonymous"
    return Wish(
        marker=f"order {uuid.UUID(int=rng.getrandbits(128), version=4)}",
        user=None if anonymous else person,
        country=UNSERVED_COUNTRY if trouble == "unserved" else "IN",
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


def stock(seconds: float) -> dict[str, int]:
    """Popular articles run out in the course of a run of such a length, the others never."""
    scarce = max(8, int(seconds * 0.7))  # customers ask for about one of each in a second
    return dict.fromkeys(HOT, scarce) | dict.fromkeys(PLENTY, 1_000_000)
