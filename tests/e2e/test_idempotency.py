"""One key and caller: one order, whatever is repeated, and wherever."""

from typing import Any

import pytest

from testbed.faults import HOLD_ANSWER, LOSE
from tests.e2e.shop import ADDRESS, Shop, eventually, fresh, items, order, repeatable, told

REPLICAS = ("a", "b")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({}, 201, id="confirmed"),
        pytest.param({"userId": "decline-me"}, 402, id="declined"),
        pytest.param({"address": ADDRESS | {"country": "AQ"}}, 422, id="not delivered"),
        pytest.param({"items": items("NO-SUCH-SKU")}, 409, id="unknown sku"),
    ],
)
def test_replayed(shop: Shop, changes: dict[str, Any], status: int) -> None:
    """A repeat gets the first answer, success or failure, at any replica, and is marked as one."""
    key, body = fresh("key"), order(**changes)
    first = shop.place(body, key=key)
    calls = shop.calls("inventory", "payment", "shipping")
    again = [shop.place(body, key=key, at=replica) for replica in REPLICAS]

    assert status == first.status_code
    assert [repeatable(first)] * 2 == [repeatable(answer) for answer in again]
    assert [None, "true", "true"] == [
        answer.headers.get("idempotent-replayed") for answer in (first, *again)
    ]
    assert first.headers["location"]
    assert calls == shop.calls("inventory", "payment", "shipping")


def test_either_header_name(shop: Shop) -> None:
    """The standard name Idempotency-Key means the same, and both may be sent when they agree."""
    key = fresh("key")
    first = shop.place(key=key)
    standard = shop.place(headers={"Idempotency-Key": key})
    both = shop.place(headers={"Idempotency-Key": key}, key=key)

    assert 201 == first.status_code
    assert [repeatable(first)] * 2 == [repeatable(standard), repeatable(both)]


def test_same_order_written_otherwise(shop: Shop) -> None:
    """A key is bound to what was ordered, not to how it was written."""
    key = fresh("key")
    first = shop.place(order(items=items("SKU-1", price="10.00")), key=key)
    other = {**dict(reversed(order().items())), "items": [{"price": 10, "qty": 1, "sku": "SKU-1"}]}
    again = shop.place(other, key=key, at="b")

    assert 201 == first.status_code
    assert repeatable(first) == repeatable(again)


def test_scoped_by_user(shop: Shop) -> None:
    """Two users may use one key; neither sees the other's order."""
    key = fresh("key")
    answers = [shop.place(order(userId=user), key=key) for user in ("u-1", "u-2")]

    assert [201, 201] == [answer.status_code for answer in answers]
    assert 2 == len({answer.json()["id"] for answer in answers})
    assert all("idempotent-replayed" not in answer.headers for answer in answers)


def test_nobody_s_key(shop: Shop) -> None:
    """An order that names no user goes through, and can be repeated under its key."""
    key, body = fresh("key"), {n: value for n, value in order().items() if n != "userId"}
    first = shop.place(body, key=key)
    again = shop.place(body, key=key)

    assert (201, None) == (first.status_code, first.json()["userId"])
    assert repeatable(first) == repeatable(again)


@pytest.mark.parametrize("replica", REPLICAS)
def test_in_flight(shop: Shop, replica: str) -> None:
    """A duplicate waits for the order: joins it on its replica, watches it from another."""
    key = fresh("key")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_ANSWER)
    first = shop.place_soon(key=key)
    held.wait_hit()
    duplicate = shop.place_soon(key=key, at=replica)
    both = 2 if replica == "a" else 1
    eventually(lambda: shop.metric("orders_in_flight ", at=replica), lambda count: count == both)
    done_early = duplicate.done()
    held.release()

    assert not done_early
    assert 201 == first.result().status_code
    assert repeatable(first.result()) == repeatable(duplicate.result())
    assert "true" == duplicate.result().headers["idempotent-replayed"]


def test_race_for_a_key(shop: Shop) -> None:
    """Of many requests with one key at two replicas one makes the order; all get its answer."""
    key, body = fresh("key"), order(userId=fresh("u"))
    soon = [shop.place_soon(body, key=key, at=REPLICAS[n % 2]) for n in range(12)]
    answers = [request.result() for request in soon]

    assert {repeatable(answers[0])} == {repeatable(answer) for answer in answers}
    assert 201 == answers[0].status_code
    assert 11 == sum("idempotent-replayed" in answer.headers for answer in answers)
    assert 1 == len(shop.orders_of(body["userId"]))


def test_race_with_two_bodies(shop: Shop) -> None:
    """When one key is sent with two bodies at once, one of them is ordered, the other refused."""
    key, user = fresh("key"), fresh("u")
    bodies = [order(userId=user, items=items("SKU-1", qty=qty)) for qty in (1, 2)]
    soon = [
        shop.place_soon(body, key=key, at=at) for body, at in zip(bodies, REPLICAS, strict=True)
    ]
    answers = sorted((request.result() for request in soon), key=lambda a: a.status_code)

    assert 201 == answers[0].status_code
    assert (422, "idempotency_key_reused") == told(answers[1])
    assert 1 == len(shop.orders_of(user))


@pytest.mark.parametrize("path", ["/payments", "/payments/*/capture"])
def test_lost_answer_of_payment(shop: Shop, path: str) -> None:
    """When the answer of payment is lost, the same key is sent again: there is one charge."""
    lost = shop.proxy("payment").on("POST", path, LOSE)
    placed = shop.place().json()
    asked = shop.proxy("payment").seen[-3:]

    assert (1, "CONFIRMED") == (lost.hits, placed["status"])
    assert 2 == len({exchange.key for exchange in asked})
    assert [("captured", placed["total"])] == [
        (pay["status"], pay["amount"]) for pay in shop.payments_of(placed["id"])
    ]


def test_without_a_key(shop: Shop) -> None:
    """Without a key every request is an order of its own."""
    user = fresh("u")
    answers = [shop.place(order(userId=user)) for _ in range(2)]

    assert [201, 201] == [answer.status_code for answer in answers]
    assert 2 == len(shop.orders_of(user))
