"""States of the participants in the contract's words, for people to read."""

from collections.abc import Mapping
from typing import Final

from proof.model.books import Held

_PLAIN: Final[Mapping[Held, str]] = {
    Held.ABSENT: "unknown",
    Held.LIVE: "live",
    Held.SETTLED: "settled",
    Held.EXPIRED: "expired",
    Held.OUT: "out of the warehouse",
    Held.GONE: "undone",
    Held.GONE_SETTLED: "undone",
    Held.TWICE: "there twice",
}

_THINGS: Final[Mapping[str, str]] = {
    "inventory": "reservation",
    "payment": "payment",
    "shipping": "shipment",
}

_OF: Final[Mapping[str, Mapping[Held, str]]] = {
    "inventory": {
        Held.LIVE: "reserved",
        Held.SETTLED: "committed",
        Held.GONE: "released",
        Held.GONE_SETTLED: "released",
    },
    "payment": {
        Held.LIVE: "authorized",
        Held.SETTLED: "captured",
        Held.GONE: "voided",
        Held.GONE_SETTLED: "refunded",
    },
    "shipping": {Held.LIVE: "created", Held.GONE: "cancelled"},
}


def thing(upstream: str) -> str:
    """What the upstream keeps for an order."""
    return _THINGS.get(upstream, f"{upstream} case")


def stands(upstream: str, held: Held) -> str:
    """A clause: how the upstream's thing stands."""
    word = _OF.get(upstream, {}).get(held, _PLAIN[held])
    return f"the {thing(upstream)} is {word}"
