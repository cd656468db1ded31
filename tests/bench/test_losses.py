"""What the auditor finds is put into words, and nothing else is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bench.compare.losses import Losses, losses
from bench.compare.records import renamed
from testbed.audit import Told, audit
from testbed.books import Books, Entry
from tests.bench.orders import ORDER_ID, STOCK, books, entry, order

OTHER = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Spoilt:
    """A world in which one thing is wrong."""

    words: str
    books: Books
    orders: Sequence[Entry] = field(default_factory=lambda: [order()])
    told: Sequence[Told] = ()


WORLDS = (
    Spoilt(
        "charged twice: 499.00",
        books("committed", "captured", "created", ("payments", entry("p2", "captured"))),
    ),
    Spoilt(
        "charged, not confirmed: 499.00",
        books("released", "captured", "cancelled"),
        [order(status="FAILED")],
    ),
    Spoilt("confirmed without payment: 499.00", books(payment="refunded")),
    Spoilt(
        "set aside and forgotten: 499.00",
        books("committed", "captured", "created", ("payments", entry("p2", "authorized"))),
    ),
    Spoilt(
        "1 × two orders under one key",
        books(
            "committed",
            "captured",
            "created",
            ("reservations", entry("r2", "released", OTHER)),
        ),
        [order(), order(OTHER, status="FAILED")],
        [Told(201, ORDER_ID, "k"), Told(0, OTHER, "k")],
    ),
    Spoilt(
        "1 parcel sent in excess",
        books("committed", "captured", "created", ("shipments", entry("s2", "created"))),
    ),
    Spoilt("1 parcel never sent", books(shipment="cancelled")),
    Spoilt(
        "stock sold to nobody: 1",
        books("committed", "refunded", "cancelled"),
        [order(status="FAILED")],
    ),
    Spoilt(
        "stock held until it expires: 1",
        books("reserved", "refunded", "cancelled"),
        [order(status="FAILED")],
    ),
    Spoilt("1 order never final", books(None, None, None), [order(status="PENDING")]),
    Spoilt(
        "1 client told what is not true",
        books(),
        told=[Told(500, ORDER_ID, compensation="completed")],
    ),
)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.words)
def test_each_loss_has_its_words(world: Spoilt) -> None:
    """A world with one thing wrong is found by the auditor and described by one phrase."""
    violations = audit(world.orders, world.books, STOCK, world.told)

    assert violations
    assert [world.words] == losses(world.orders, world.books, violations).phrases()


def test_no_loss_has_no_words() -> None:
    """When all is well there is nothing to say."""
    violations = audit([order()], books(), STOCK)

    assert [] == violations
    assert Losses() == losses([order()], books(), violations)


def test_sums() -> None:
    """The losses of two faults add up."""
    one = losses([order()], books(payment="refunded"), ())
    two = losses([order()], books(shipment="cancelled"), ())

    assert ["confirmed without payment: 499.00", "1 parcel never sent"] == (one + two).phrases()


def test_ids_of_its_own() -> None:
    """An order may name its payment as it likes; a second one that it does not name is one."""
    named = order(paymentId="p1")
    own = books("committed", None, "created", ("payments", entry("p1", "captured")))
    more = books(
        "committed",
        None,
        "created",
        ("payments", entry("p1", "captured")),
        ("payments", entry("p2", "captured")),
    )

    assert [] == audit([named], renamed(own, [named]), STOCK)
    assert [] != audit([named], renamed(more, [named]), STOCK)
