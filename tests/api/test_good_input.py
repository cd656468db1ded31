"""Good input in its unusual forms: exact money, every text, every currency's digits."""

import json
from typing import Any

import httpx
import pytest

from tests.api.in_process import PLENTY, SKU, Body, Whole, address, line, order, problem


def raw_price(text: str, **changes: Any) -> bytes:  # noqa: ANN401 - members of an order
    """An order of two units, its price written as this JSON number."""
    return json.dumps(order(**changes)).replace('"499.50"', text).encode()


def shown_price(placed: Body) -> str:
    """The price of the first line, as it is shown."""
    price: str = placed["items"][0]["price"]
    return price


async def paid(system: Whole, placed: Body) -> tuple[str, str]:
    """Amount and currency that payment has captured."""
    payment = (await system.upstreams["payment"].get(f"/payments/{placed['paymentId']}")).json()
    assert "captured" == payment["status"]
    return payment["amount"], payment["currency"]


@pytest.mark.parametrize(
    ("written", "currency", "price", "total"),
    [
        ("499.50", "INR", "499.50", "999.00"),
        ("499.5", "INR", "499.50", "999.00"),
        ("5e2", "INR", "500.00", "1000.00"),
        ("0.1", "INR", "0.10", "0.20"),
        ("1.10", "INR", "1.10", "2.20"),
        ("0", "INR", "0.00", "0.00"),
        ("-0", "INR", "0.00", "0.00"),
        ('"0"', "INR", "0.00", "0.00"),
        ("4999999999999.99", "INR", "4999999999999.99", "9999999999999.98"),
        ("499", "JPY", "499", "998"),
        ("499.0", "JPY", "499", "998"),
        ('"499499499499499"', "JPY", "499499499499499", "998998998998998"),
        ("4.995", "BHD", "4.995", "9.990"),
        ('"4.9"', "BHD", "4.900", "9.800"),
        ("0.0001", "CLF", "0.0001", "0.0002"),
    ],
)
async def test_money_is_exact(
    system: Whole, written: str, currency: str, price: str, total: str
) -> None:
    """What is charged is what was asked, to the last digit the currency has."""
    answer = await system.place(raw_price(written, currency=currency))
    placed = answer.json()

    assert 201 == answer.status_code
    assert (price, total) == (shown_price(placed), placed["total"])
    assert (total, currency) == await paid(system, placed)


async def test_sum_that_floats_get_wrong(system: Whole) -> None:
    """A hundred lines of ten cents are ten, and three of 0.1 are 0.3."""
    items = [{"sku": SKU, "qty": 1, "price": 0.1}] * 100
    hundred = (await system.place(order(items=items))).json()
    three = (await system.place(line(qty=3, price=0.1))).json()

    assert ("10.00", "0.30") == (hundred["total"], three["total"])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(order(userId="用户-1"), id="user in Chinese"),
        pytest.param(order(userId="u" * 128), id="longest user"),
        pytest.param(address(line1="Straße 1, Zürich 🏠", city="København"), id="any script"),
        pytest.param(address(line1="x" * 200, city="y" * 100, postalCode="1" * 20), id="longest"),
        pytest.param(address(line1="a\u200db", city="\ufeffPune"), id="invisible characters"),
        pytest.param(address(line1="'; DROP TABLE orders; --"), id="quotes"),
        pytest.param(order(items=line()["items"] * 100), id="most lines"),
        pytest.param(line(qty=999_999, price="0.01"), id="most units"),
    ],
)
async def test_accepted(system: Whole, body: Body) -> None:
    """What is within the limits goes through and is kept as it came."""
    answer = await system.place(body)
    placed = answer.json()

    assert 201 == answer.status_code
    assert (body["userId"], body["address"]) == (placed["userId"], placed["address"])
    assert placed == (await system.client.get(answer.headers["location"])).json()


async def test_strange_sku(system: Whole) -> None:
    """An article's name may hold whatever a line of text may: it reaches inventory unharmed."""
    sku = "A/B?c=d&e#f %2F «ü» 糖"
    answer = await system.place(line(sku=sku))

    assert (409, "unknown_sku") == problem(answer)
    assert [sku] == [short["sku"] for short in answer.json()["shortages"]]


async def test_sku_of_sweets(system: Whole) -> None:
    """A shortage names its article exactly as it was ordered."""
    answer = await system.place(line(sku="\U0001f36c"))

    assert ["\U0001f36c"] == [short["sku"] for short in answer.json()["shortages"]]


async def test_default_currency(system: Whole) -> None:
    """Without a currency it is INR."""
    body = {name: value for name, value in order().items() if name != "currency"}

    assert "INR" == (await system.place(body)).json()["currency"]


async def test_one_article_twice(system: Whole) -> None:
    """An article in two lines is sold twice."""
    before = (await system.upstreams["inventory"].get(f"/stock/{SKU}")).json()["onHand"]
    answer = await system.place(order(items=line()["items"] * 2))
    after = (await system.upstreams["inventory"].get(f"/stock/{SKU}")).json()["onHand"]

    assert (201, PLENTY, 4) == (answer.status_code, before, before - after)


@pytest.mark.parametrize("who", [{}, {"userId": None}], ids=["absent", "null"])
async def test_nobody(system: Whole, who: Body) -> None:
    """The user is optional."""
    body = {name: value for name, value in order().items() if name != "userId"} | who
    answer = await system.place(body)

    assert (201, None) == (answer.status_code, answer.json()["userId"])


@pytest.mark.parametrize("key", ["k", "k" * 255, "!~", "a:b/c?d=e&f#g%20"])
async def test_key(system: Whole, key: str) -> None:
    """Every key of 1-255 visible ASCII characters serves, and is found again."""
    first = await system.place(order(), X_Idempotency_Key=key)
    again = await system.place(order(), Idempotency_Key=key)

    assert 201 == first.status_code
    assert first.content == again.content
    assert "true" == again.headers["idempotent-replayed"]


@pytest.mark.parametrize("space", [" ", "\n  "])
async def test_key_is_bound_to_the_meaning(system: Whole, space: str) -> None:
    """White space, the order of members and "499.5" for 499.50 make no other body."""
    first = await system.place(order(), X_Idempotency_Key="k")
    members = dict(reversed(order(items=[{"price": "499.5", "qty": 2, "sku": SKU}]).items()))
    other = json.dumps(members, indent=space).encode()
    again = await system.place(other, X_Idempotency_Key="k")

    assert (201, first.content) == (again.status_code, again.content)


@pytest.mark.parametrize(
    "other",
    [
        order(currency="USD"),
        address(line1="2 MG Road"),
        line(qty=3),
        line(price="499.51"),
        line(sku="SKU-2"),
        order(items=line()["items"] * 2),
    ],
)
async def test_key_is_bound_to_all_of_it(system: Whole, other: Body) -> None:
    """Whatever is ordered otherwise is another body."""
    await system.place(order(), X_Idempotency_Key="k")
    answer = await system.place(other, X_Idempotency_Key="k")

    assert (422, "idempotency_key_reused") == problem(answer)


async def test_validation_comes_before_the_key(system: Whole) -> None:
    """A bad body under a good key binds nothing: the mended one is ordered."""
    bad = await system.place(line(qty=0), X_Idempotency_Key="k")
    good = await system.place(line(qty=1), X_Idempotency_Key="k")

    assert (422, 201) == (bad.status_code, good.status_code)
    assert "idempotent-replayed" not in good.headers


async def test_refusal_says_whether_to_try_again(system: Whole) -> None:
    """A failure tells whether a new try is safe and whether it needs a new key."""
    answers: dict[str, httpx.Response] = {
        "bad": await system.place(line(qty=0), X_Idempotency_Key="k-1"),
        "declined": await system.place(order(userId="decline-me"), X_Idempotency_Key="k-2"),
    }

    assert {
        "bad": {"safe": True, "withNewKey": False},
        "declined": {"safe": True, "withNewKey": True},
    } == {name: answer.json()["retry"] for name, answer in answers.items()}
