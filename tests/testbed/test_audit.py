"""The audit finds whatever section 5 of the protocol forbids, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from testbed.audit import Told, audit, resource_id
from testbed.books import Books

ITEMS = [{"sku": "SKU-1", "qty": 2, "price": "499.50"}]

CONFIRMED: dict[str, Any] = {
    "id": "6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10",
    "status": "CONFIRMED",
    "currency": "INR",
    "total": "999.00",
    "items": ITEMS,
}
FAILED = CONFIRMED | {"id": "11111111-95a8-4b53-9d6e-3f3b6d1f8a10", "status": "FAILED"}

STOCK_BEFORE = {"SKU-1": 10}


def entry(order: Mapping[str, Any], word: str, status: str, **more: object) -> dict[str, Any]:
    """What an upstream holds for an order."""
    given = {"id": resource_id(order, word), "orderId": order["id"], "status": status}
    return given | {"items": ITEMS} | more


def good_books() -> Books:
    """Books in which CONFIRMED went through and FAILED was undone."""
    money = {"amount": "999.00", "currency": "INR"}
    return Books(
        stock={"SKU-1": {"sku": "SKU-1", "onHand": 8, "reserved": 0, "available": 8}},
        reservations=by_id(
            entry(CONFIRMED, "reservation", "committed"), entry(FAILED, "reservation", "released")
        ),
        payments=by_id(
            entry(CONFIRMED, "payment", "captured", **money),
            entry(FAILED, "payment", "voided", amount=None, currency=None, orderId=None),
        ),
        shipments=by_id(
            entry(CONFIRMED, "shipment", "created"), entry(FAILED, "shipment", "cancelled")
        ),
        kept={"INR": Decimal("999.00")},
        held={"INR": Decimal("0.00")},
    )


def by_id(*entries: dict[str, Any]) -> dict[str, Mapping[str, Any]]:
    """As the books keep them."""
    return {given["id"]: given for given in entries}


def found(books: Books, *orders: Mapping[str, Any], told: tuple[Told, ...] = ()) -> list[str]:
    """What the audit says, as text."""
    chosen = orders or (CONFIRMED, FAILED)
    return [str(violation) for violation in audit(chosen, books, STOCK_BEFORE, told)]


def test_all_is_well() -> None:
    """Books that agree with the orders give no violation, tombstones included."""
    assert [] == found(good_books())


def test_failed_without_any_trace() -> None:
    """A failed order of which the upstreams never heard is in order."""
    unheard = FAILED | {"id": "22222222-95a8-4b53-9d6e-3f3b6d1f8a10"}

    assert [] == found(good_books(), CONFIRMED, FAILED, unheard)


@pytest.mark.parametrize("status", ["PENDING", "COMPENSATING"])
def test_not_final(status: str) -> None:
    """An order that is under way when all should be over is a violation of rule 4."""
    [violation] = found(good_books(), CONFIRMED, FAILED | {"status": status})

    assert f"rule 4: {FAILED['id']}: is {status}: not final" == violation


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "authorized"},
        {"status": "refunded"},
        {"amount": "998.99"},
        {"amount": "999"},
        {"currency": "JPY"},
    ],
)
def test_confirmed_with_a_wrong_payment(wrong: dict[str, str]) -> None:
    """A confirmed order needs a captured payment of exactly its total."""
    books = good_books()
    payment = entry(CONFIRMED, "payment", "captured", amount="999.00", currency="INR")
    books = replace(books, payments={**books.payments, **by_id(payment | wrong)})

    assert ["rule 1"] == [text[:6] for text in found(books)]


@pytest.mark.parametrize("word", ["reservation", "payment", "shipment"])
def test_confirmed_without(word: str) -> None:
    """A confirmed order without reservation, payment or shipment is a violation of rule 1."""
    books = good_books()
    kept = {
        key: value
        for key, value in getattr(books, f"{word}s").items()
        if key != resource_id(CONFIRMED, word)
    }

    texts = found(replace(books, **{f"{word}s": kept}))

    assert any(text.startswith("rule 1") and f"its {word} is" in text for text in texts)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("payment", "authorized"),
        ("payment", "captured"),
        ("shipment", "created"),
        ("shipment", "dispatched"),
        ("reservation", "reserved"),
        ("reservation", "committed"),
    ],
)
def test_failed_with_something_kept(word: str, status: str) -> None:
    """A failed order that keeps money, a parcel or stock is a violation of rule 2."""
    books = good_books()
    entries = {**getattr(books, f"{word}s"), **by_id(entry(FAILED, word, status))}

    texts = found(replace(books, **{f"{word}s": entries}))

    assert f"rule 2: {FAILED['id']}: is FAILED, its {word} is {status}" in texts


@pytest.mark.parametrize("word", ["reservation", "shipment"])
def test_other_items(word: str) -> None:
    """The reservation and the shipment have exactly the order's items."""
    books = good_books()
    status = {"reservation": "committed", "shipment": "created"}[word]
    other = entry(CONFIRMED, word, status, items=[{"sku": "SKU-1", "qty": 1}])
    entries = {**getattr(books, f"{word}s"), **by_id(other)}

    texts = found(replace(books, **{f"{word}s": entries}))

    assert f"rule 1: {CONFIRMED['id']}: is CONFIRMED, its {word} has other items" in texts


def test_same_sku_in_two_lines() -> None:
    """Two lines of one sku are as good as one with their sum."""
    books = good_books()
    lines = [{"sku": "SKU-1", "qty": 1}, {"sku": "SKU-1", "qty": 1}]
    split = entry(CONFIRMED, "reservation", "committed", items=lines)

    assert [] == found(replace(books, reservations={**books.reservations, **by_id(split)}))


def test_second_payment() -> None:
    """A second live payment for one order is found, whatever its id."""
    books = good_books()
    second = entry(CONFIRMED, "payment", "captured", amount="999.00", currency="INR", id="other")

    texts = found(replace(books, payments={**books.payments, **by_id(second)}))

    assert [f"rule 1: {CONFIRMED['id']}: has a second payment, other"] == texts


def test_belongs_to_no_order() -> None:
    """A live shipment for an order that does not exist is found."""
    books = good_books()
    stray = entry(CONFIRMED, "shipment", "created", id="stray", orderId="nobody")

    texts = found(replace(books, shipments={**books.shipments, **by_id(stray)}))

    assert ["rule 1: shipment stray: belongs to no order"] == texts


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({"onHand": 9, "reserved": 0}, "10 before, but 9 on hand and 2 sold"),
        ({"onHand": 8, "reserved": 1}, "1 held, but reservations for 0"),
        ({"onHand": 8, "reserved": -1}, "-1 held of 8 on hand: sold twice"),
    ],
)
def test_stock_not_conserved(line: dict[str, int], text: str) -> None:
    """Stock that went or came without a sale is a violation of rule 5."""
    books = replace(good_books(), stock={"SKU-1": line})

    assert f"rule 5: SKU-1: {text}" in found(books)


def test_ledger_keeps_too_much() -> None:
    """Money in the ledger that no confirmed order accounts for is found."""
    books = replace(good_books(), kept={"INR": Decimal("999.01")})

    [violation] = found(books)

    assert "the ledger kept 999.01, the confirmed orders come to 999.00" in violation


def test_money_still_set_aside() -> None:
    """With every order final nothing may still be set aside."""
    books = replace(good_books(), held={"INR": Decimal("1.00")})

    [violation] = found(books)

    assert "1.00 are still set aside" in violation


def test_one_key_two_orders() -> None:
    """A key that made two orders is a violation of rule 3."""
    told = (
        Told(201, CONFIRMED["id"], key="k"),
        Told(402, FAILED["id"], key="k", compensation="completed"),
    )

    [violation] = found(good_books(), told=told)

    assert violation.startswith("rule 3: key k: made 2 orders")


def test_reused_key_names_the_first_order() -> None:
    """A refusal of a key's second use is no second order."""
    told = (
        Told(201, CONFIRMED["id"], key="k"),
        Told(422, FAILED["id"], key="k", code="idempotency_key_reused"),
    )

    assert [] == found(good_books(), told=told)


def test_one_order_for_two_requests() -> None:
    """Two requests without a key never share an order."""
    told = (Told(201, CONFIRMED["id"]), Told(201, CONFIRMED["id"]))

    [violation] = found(good_books(), told=told)

    assert violation.endswith("was the answer to 2 requests without a key")


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (Told(201, FAILED["id"]), "was told 201, and is FAILED"),
        (Told(201, "gone"), "was told 201, and is unknown"),
        (
            Told(402, CONFIRMED["id"], compensation="completed"),
            "was told it failed, and is CONFIRMED",
        ),
    ],
)
def test_told_otherwise(told: Told, text: str) -> None:
    """An answer that is not what is true is a violation of rule 6."""
    [violation] = found(good_books(), told=(told,))

    assert f"rule 6: {told.order_id}: {text}" == violation


def test_told_before_an_order_existed() -> None:
    """An answer that names no order is held against none."""
    assert [] == found(good_books(), told=(Told(503, None, key="k", code="overloaded"),))
