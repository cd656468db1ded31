"""Bad input: the right status, code and pointer, and no upstream hears of it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import httpx
import pytest

from tests.api.in_process import (
    MAX_BODY_BYTES,
    SKU,
    Tripwire,
    address,
    encoded,
    line,
    order,
    pointers,
    problem,
)

PRICE: Final = "/items/0/price"
QTY: Final = "/items/0/qty"
HUGE: Final = "9" * 5000


def raw(text: str) -> bytes:
    """A valid order in which the text stands where 499.50 stood, as a number."""
    return encoded(order()).replace(b'"499.50"', text.encode())


def raw_qty(text: str) -> bytes:
    """A valid order in which the text stands where the quantity stood."""
    return encoded(order()).replace(b'"qty": 2', b'"qty": ' + text.encode())


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The body without one of its members."""
    return {member: value for member, value in body.items() if member != name}


MALFORMED: Final = {
    "nothing": b"",
    "a member twice": b'{"items": [], "items": []}',
    "a member twice, further in": b'{"items": [{"qty": 1, "qty": 2}]}',
    "blank": b" \n",
    "half": b'{"items": [',
    "not JSON": b"items=1",
    "single quotes": b"{'items': []}",
    "trailing comma": b'{"items": [],}',
    "two documents": b"{} {}",
    "comment": b"{} // empty",
    "UTF-16": "{}".encode("utf-16"),
    "UTF-8 with a mark": b"\xef\xbb\xbf{}",
    "Latin-1": '{"userId": "José"}'.encode("latin-1"),
    "surrogate in UTF-8": b'{"userId": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"userId": "\xc0\xaf"}',
    "NUL bytes": b"\x00\x00\x00\x00",
    "raw newline in a text": b'{"userId": "a\nb"}',
    "raw NUL in a text": b'{"userId": "a\x00b"}',
    "unfinished escape": b'{"userId": "\\ud8"}',
    "half a number": b'{"userId": 1.}',
    "leading zero": raw_qty("02"),
    "hex": raw_qty("0x2"),
    "10,000 levels of lists": b"[" * 10_000,
    "9,000 levels of lists, closed": b"[" * 9_000 + b"]" * 9_000,
    "3,000 levels of objects": b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "deep in a member": b'{"userId":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
}

INVALID: Final[dict[str, tuple[object, set[str]]]] = {
    "null": (None, {""}),
    "a list": ([order()], {""}),
    "a text": ("order", {""}),
    "a number": (7, {""}),
    "true": (True, {""}),
    "an endless number": (HUGE.encode(), {""}),
    "nothing in it": ({}, {"/address", "/items"}),
    "unknown member": (order(coupon="X"), {"/coupon"}),
    "member of another case": (order(UserId="u"), {"/UserId"}),
    "total given": (order(total="0.01"), {"/total"}),
    "unknown member with / and ~": (order(**{"a/b~c": 1}), {"/a~1b~0c"}),
    "unknown member without a name": (order(**{"": 1}), {"/"}),
    "unknown member that is a surrogate": (order(**{"\ud800": 1}), {""}),
    "unknown member in the address": (address(line2="x"), {"/address/line2"}),
    "unknown member in a line": (line(name="x"), {"/items/0/name"}),
    "many unknown members": (
        order(**{f"x{n}": n for n in range(20)}),
        {f"/x{n}" for n in range(20)},
    ),
    "user is a number": (order(userId=5), {"/userId"}),
    "user is empty": (order(userId=""), {"/userId"}),
    "user is blank": (order(userId=" \u3000"), {"/userId"}),
    "user is too long": (order(userId="u" * 129), {"/userId"}),
    "user has NUL": (order(userId="u\x00"), {"/userId"}),
    "user has a control character": (order(userId="u\x1b[31m"), {"/userId"}),
    "user has DEL": (order(userId="u\x7f"), {"/userId"}),
    "user has a C1 control": (order(userId="u\x85"), {"/userId"}),
    "user has a lone surrogate": (order(userId="u\ud800"), {"/userId"}),
    "user has a line separator": (order(userId="u\u2028"), {"/userId"}),
    "address missing": (without(order(), "address"), {"/address"}),
    "address is null": (order(address=None), {"/address"}),
    "address is a text": (order(address="Pune"), {"/address"}),
    "address is a list": (order(address=[]), {"/address"}),
    "address is empty": (
        order(address={}),
        {"/address/line1", "/address/city", "/address/country", "/address/postalCode"},
    ),
    "line too long": (address(line1="x" * 201), {"/address/line1"}),
    "line with a newline": (address(line1="a\nb"), {"/address/line1"}),
    "city empty": (address(city=""), {"/address/city"}),
    "city too long": (address(city="x" * 101), {"/address/city"}),
    "city null": (address(city=None), {"/address/city"}),
    "postal code is a number": (address(postalCode=411001), {"/address/postalCode"}),
    "postal code too long": (address(postalCode="1" * 21), {"/address/postalCode"}),
    "country unknown": (address(country="XX"), {"/address/country"}),
    "country of three letters": (address(country="IND"), {"/address/country"}),
    "country in lower case": (address(country="in"), {"/address/country"}),
    "country with a space": (address(country="IN "), {"/address/country"}),
    "country is a list": (address(country=["IN"]), {"/address/country"}),
    "currency unknown": (order(currency="ABC"), {"/currency"}),
    "currency in lower case": (order(currency="inr"), {"/currency"}),
    "currency is gold": (order(currency="XAU"), {"/currency"}),
    "currency is null": (order(currency=None), {"/currency"}),
    "currency is a list": (order(currency=["INR"]), {"/currency"}),
    "currency is an object": (order(currency={}), {"/currency"}),
    "items missing": (without(order(), "items"), {"/items"}),
    "items null": (order(items=None), {"/items"}),
    "items an object": (order(items={}), {"/items"}),
    "items a text": (order(items="SKU-1"), {"/items"}),
    "no items": (order(items=[]), {"/items"}),
    "too many items": (order(items=line()["items"] * 101), {"/items"}),
    "item is null": (order(items=[None]), {"/items/0"}),
    "second item is a list": (order(items=[*line()["items"], []]), {"/items/1"}),
    "item is empty": (order(items=[{}]), {"/items/0/sku", QTY, PRICE}),
    "sku empty": (line(sku=""), {"/items/0/sku"}),
    "sku too long": (line(sku="S" * 65), {"/items/0/sku"}),
    "sku is a number": (line(sku=1), {"/items/0/sku"}),
    "sku with a tab": (line(sku="SKU\t1"), {"/items/0/sku"}),
    "sku with a lone surrogate": (line(sku="\udfff"), {"/items/0/sku"}),
    "qty zero": (line(qty=0), {QTY}),
    "qty negative": (line(qty=-1), {QTY}),
    "qty a million": (line(qty=1_000_000), {QTY}),
    "qty beyond 64 bits": (line(qty=2**64), {QTY}),
    "qty of 5,000 digits": (raw_qty(HUGE), {QTY}),
    "qty a text": (line(qty="2"), {QTY}),
    "qty true": (line(qty=True), {QTY}),
    "qty null": (line(qty=None), {QTY}),
    "qty a list": (line(qty=[2]), {QTY}),
    "qty half": (line(qty=2.5), {QTY}),
    "qty 2.0": (raw_qty("2.0"), {QTY}),
    "qty 1e1": (raw_qty("1e1"), {QTY}),
    "qty 1e999999999": (raw_qty("1e999999999"), {QTY}),
    "qty NaN": (raw_qty("NaN"), {QTY}),
    "qty Infinity": (raw_qty("Infinity"), {QTY}),
    "price missing": (order(items=[{"sku": SKU, "qty": 1}]), {PRICE}),
    "price null": (line(price=None), {PRICE}),
    "price true": (line(price=True), {PRICE}),
    "price a list": (line(price=["1.00"]), {PRICE}),
    "price an object": (line(price={"amount": "1.00"}), {PRICE}),
    "price NaN": (raw("NaN"), {PRICE}),
    "price Infinity": (raw("Infinity"), {PRICE}),
    "price -Infinity": (raw("-Infinity"), {PRICE}),
    "price 'NaN'": (line(price="NaN"), {PRICE}),
    "price 'Infinity'": (line(price="Infinity"), {PRICE}),
    "price negative": (raw("-0.01"), {PRICE}),
    "price '-0.01'": (line(price="-0.01"), {PRICE}),
    "price '+1'": (line(price="+1"), {PRICE}),
    "price '--1'": (line(price="--1"), {PRICE}),
    "price ''": (line(price=""), {PRICE}),
    "price ' 1'": (line(price=" 1"), {PRICE}),
    "price '1 000'": (line(price="1 000"), {PRICE}),
    "price '1_000'": (line(price="1_000"), {PRICE}),
    "price '1,50'": (line(price="1,50"), {PRICE}),
    "price '1.2.3'": (line(price="1.2.3"), {PRICE}),
    "price '.'": (line(price="."), {PRICE}),
    "price '1e3'": (line(price="1e3"), {PRICE}),
    "price '0x1'": (line(price="0x1"), {PRICE}),
    "price '₹5'": (line(price="₹5"), {PRICE}),
    "price in Arabic digits": (line(price="\u0661"), {PRICE}),
    "price with NUL": (line(price="1\x00"), {PRICE}),
    "price of three digits": (raw("499.505"), {PRICE}),
    "price '0.001'": (line(price="0.001"), {PRICE}),
    "price 1e-3": (raw("1e-3"), {PRICE}),
    "price 1e-999999999": (raw("1e-999999999"), {PRICE}),
    "price 1e999999999": (raw("1e999999999"), {PRICE}),
    "price of 5,000 digits": (raw(HUGE), {PRICE}),
    "price '9…9' of 5,000 digits": (line(price=HUGE), {PRICE}),
    "price of 5,000 decimals": (raw("0." + "0" * 5000 + "1"), {PRICE}),
    "price of 35 decimals": (raw("1." + "0" * 34 + "1"), {PRICE}),
    "price '1.0…01'": (line(price="1." + "0" * 34 + "1"), {PRICE}),
    "price of 16 digits": (line(price="1" + "0" * 16), {PRICE}),
    "yen with decimals": (line(price="1.5") | {"currency": "JPY"}, {PRICE}),
    "dinar with four": (line(price="1.0005") | {"currency": "BHD"}, {PRICE}),
    "total too large": (line(price="9999999999999.99", qty=2), {"/items"}),
    "total of all lines too large": (
        order(items=[{"sku": SKU, "qty": 999_999, "price": "9999999.00"}] * 3),
        {"/items"},
    ),
    "total in yen too large": (
        order(currency="JPY", items=[{"sku": SKU, "qty": 2, "price": "999999999999999"}]),
        {"/items"},
    ),
    "several at once": (
        order(currency="X", items=[{"sku": "", "qty": 0, "price": "x"}], extra=1),
        {"/currency", "/items/0/sku", QTY, PRICE, "/extra"},
    ),
    "price that no exponent holds": (raw("1e9999999999999999999"), {PRICE}),
    "qty that no exponent holds": (raw_qty("1e-9999999999999999999"), {QTY}),
}

BAD_KEYS: Final[dict[str, Sequence[tuple[bytes, bytes]]]] = {
    "empty": [(b"X-Idempotency-Key", b"")],
    "256 characters": [(b"X-Idempotency-Key", b"k" * 256)],
    "a space": [(b"X-Idempotency-Key", b"two words")],
    "a tab": [(b"X-Idempotency-Key", b"two\twords")],
    "not ASCII": [(b"X-Idempotency-Key", "clé".encode())],
    "Latin-1": [(b"X-Idempotency-Key", "clé".encode("latin-1"))],
    "DEL": [(b"X-Idempotency-Key", b"k\x7f")],
    "standard name, empty": [(b"Idempotency-Key", b"")],
    "two names, two keys": [(b"X-Idempotency-Key", b"one"), (b"Idempotency-Key", b"two")],
    "one name, two keys": [(b"Idempotency-Key", b"one"), (b"Idempotency-Key", b"two")],
    "a key and an empty one": [(b"X-Idempotency-Key", b"one"), (b"Idempotency-Key", b"")],
}


def invalid_bodies() -> list[object]:
    """Each case by its name; those that are not right yet marked."""
    return [
        pytest.param(
            *case,
            id=name,
        )
        for name, case in INVALID.items()
    ]


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed(front: httpx.AsyncClient, tripwire: Tripwire, content: bytes) -> None:
    """What is not JSON in UTF-8 is 400."""
    answer = await front.post("/orders", content=content)

    assert (400, "malformed_json") == problem(answer)
    assert [] == tripwire.reached


@pytest.mark.parametrize(("body", "wrong"), invalid_bodies())
async def test_invalid(
    front: httpx.AsyncClient, tripwire: Tripwire, body: object, wrong: set[str]
) -> None:
    """What is JSON but no order is 422, with a pointer to everything that is wrong."""
    answer = await front.post("/orders", content=encoded(body))

    assert (422, "validation_failed") == problem(answer)
    assert wrong == pointers(answer)
    assert [] == tripwire.reached


@pytest.mark.parametrize("headers", BAD_KEYS.values(), ids=BAD_KEYS.keys())
async def test_bad_key(
    front: httpx.AsyncClient, tripwire: Tripwire, headers: list[tuple[bytes, bytes]]
) -> None:
    """A key that is none, or more than one, is 400."""
    answer = await front.post("/orders", json=order(), headers=headers)

    assert (400, "invalid_idempotency_key") == problem(answer)
    assert [] == tripwire.reached


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    """A body that comes without its length."""
    for _ in range(size // 1000):
        yield b" " * 1000


@pytest.mark.parametrize("declared", [True, False], ids=["Content-Length", "chunked"])
async def test_too_large(front: httpx.AsyncClient, tripwire: Tripwire, *, declared: bool) -> None:
    """A body over the limit is 413, whether it says its length or not."""
    size = MAX_BODY_BYTES + 1000
    answer = await front.post("/orders", content=b" " * size if declared else in_pieces(size))

    assert (413, "body_too_large") == problem(answer)
    assert [] == tripwire.reached


async def test_endless(front: httpx.AsyncClient, tripwire: Tripwire) -> None:
    """A body that never ends is refused when the limit is reached, not read on."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b" " * 1000

    answer = await front.post("/orders", content=endless())

    assert (413, "body_too_large") == problem(answer)
    assert sent <= MAX_BODY_BYTES + 2000
    assert [] == tripwire.reached


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/orders", 405),
        ("DELETE", "/orders/42", 405),
        ("GET", "/", 404),
        ("GET", "/orders/42/items", 404),
    ],
)
async def test_no_such_route(
    front: httpx.AsyncClient, tripwire: Tripwire, method: str, path: str, status: int
) -> None:
    """What the API does not have is answered as a problem too."""
    answer = await front.request(method, path)

    assert status == problem(answer)[0]
    assert [] == tripwire.reached


async def test_says_nothing_of_itself(front: httpx.AsyncClient) -> None:
    """A refusal does not give away what stands behind it, nor repeat what was sent."""
    secret = "s3cret-" * 4
    answer = await front.post("/orders", json=order(userId=[secret], address=secret))

    assert secret not in answer.text
    assert "pydantic" not in answer.text
    assert "localhost" not in answer.text
