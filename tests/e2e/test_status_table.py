"""Every row of the status table of the protocol (section 2), over the wire."""

from collections.abc import Sequence

import pytest

from testbed.faults import HOLD_ANSWER, HOLD_REQUEST, garbage, status
from tests.e2e.raw import Connection, request
from tests.e2e.shop import (
    ADDRESS,
    Shop,
    fresh,
    items,
    order,
    told,
)


def test_created_201(shop: Shop) -> None:
    """A good order is answered 201 with its place and everything that belongs to it."""
    body = order(items=[{"sku": "SKU-1", "qty": 2, "price": 499.50}])
    answer = shop.place(body)
    placed = answer.json()
    stored = shop.shown(placed["id"])

    assert 201 == answer.status_code
    assert f"/orders/{placed['id']}" == answer.headers["location"]
    assert stored == placed
    assert {
        "status": "CONFIRMED",
        "userId": "u-1",
        "address": ADDRESS,
        "currency": "INR",
        "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}],
        "total": "999.00",
    } == {
        name: placed[name] for name in ("status", "userId", "address", "currency", "items", "total")
    }
    assert all(
        placed[name]
        for name in ("reservationId", "paymentId", "shipmentId", "createdAt", "updatedAt")
    )


def test_validation_failed_422(shop: Shop) -> None:
    """A body that is not valid is answered with a pointer to each thing that is wrong."""
    calls = shop.calls()
    body = order(currency="XXX", colour="red", items=[{"sku": "SKU-1", "qty": 0, "price": "-1"}])
    answer = shop.place(body)

    assert (422, "validation_failed") == told(answer)
    assert {"/currency", "/colour", "/items/0/qty", "/items/0/price"} == {
        error["pointer"] for error in answer.json()["errors"]
    }
    assert calls == shop.calls()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("X-Idempotency-Key", "")], id="empty"),
        pytest.param([("X-Idempotency-Key", "k" * 256)], id="too long"),
        pytest.param([("X-Idempotency-Key", "two words")], id="space"),
        pytest.param([("X-Idempotency-Key", "ключ".encode())], id="not ASCII"),
        pytest.param([("X-Idempotency-Key", "one"), ("Idempotency-Key", "two")], id="differ"),
        pytest.param([("X-Idempotency-Key", "one"), ("X-Idempotency-Key", "two")], id="twice"),
    ],
)
def test_invalid_key_400(shop: Shop, headers: Sequence[tuple[str, str | bytes]]) -> None:
    """A key that is not 1-255 visible ASCII characters, or not one key, is refused."""
    calls = shop.calls()

    assert (400, "invalid_idempotency_key") == told(shop.place(headers=headers))
    assert calls == shop.calls()


def test_key_reused_422(shop: Shop) -> None:
    """A key does not serve for another body, at either replica."""
    key = fresh("key")
    first = shop.place(key=key)
    other = order(items=items("SKU-1", qty=3))
    answers = [shop.place(other, key=key, at=replica) for replica in ("a", "b")]

    assert 201 == first.status_code
    assert [(422, "idempotency_key_reused")] * 2 == [told(answer) for answer in answers]


def test_order_in_progress_409(shop: Shop, hasty: str) -> None:
    """A duplicate waits until its deadline, then is told where to ask for the order."""
    key, body = fresh("key"), order(userId=fresh("u"))
    held = shop.proxy("payment").on("POST", "/payments", HOLD_ANSWER)
    first = shop.place_soon(body, key=key)
    held.wait_hit()
    duplicate = shop.place(body, key=key, at=hasty)
    held.release()
    placed = first.result().json()

    assert (409, "order_in_progress") == told(duplicate)
    assert int(duplicate.headers["retry-after"]) >= 1
    assert f"/orders/{placed['id']}" == duplicate.headers["location"]
    assert (placed["id"], "PENDING") == (
        duplicate.json()["orderId"],
        duplicate.json()["orderStatus"],
    )
    assert "CONFIRMED" == placed["status"]


def test_out_of_stock_409(shop: Shop) -> None:
    """More than is on the shelf is refused, with what is missing."""
    sku = shop.shelve("FEW", 2)
    answer = shop.place(order(items=items(sku, qty=3)))

    assert (409, "out_of_stock") == told(answer)
    assert [{"sku": sku, "requested": 3, "available": 2}] == answer.json()["shortages"]
    assert ("FAILED", "none") == (answer.json()["orderStatus"], answer.json()["compensation"])
    assert "inventory" == answer.json()["upstream"]["service"]


def test_unknown_sku_409(shop: Shop) -> None:
    """An article that does not exist is refused by name."""
    sku = fresh("NOTHING")
    answer = shop.place(order(items=items(sku)))

    assert (409, "unknown_sku") == told(answer)
    assert [sku] == [short["sku"] for short in answer.json()["shortages"]]


def test_payment_declined_402(shop: Shop) -> None:
    """A declined payment is told as such, and the stock is back on the shelf."""
    sku = shop.shelve("DECLINED", 5)
    answer = shop.place(order(userId=fresh("decline"), items=items(sku, qty=5)))

    assert (402, "payment_declined") == told(answer)
    assert "completed" == answer.json()["compensation"]
    assert {
        "service": "payment",
        "operation": "authorize",
        "status": 402,
        "code": "payment_declined",
        "attempts": 1,
    }.items() <= answer.json()["upstream"].items()
    assert 5 == shop.stock(sku)["available"]


def test_shipment_refused_422(shop: Shop) -> None:
    """An address nobody delivers to is told as such; stock and money are back."""
    sku = shop.shelve("REFUSED", 5)
    answer = shop.place(order(address=ADDRESS | {"postalCode": "00000"}, items=items(sku, qty=5)))

    assert (422, "shipment_refused") == told(answer)
    assert ("FAILED", "completed") == (answer.json()["orderStatus"], answer.json()["compensation"])
    assert 5 == shop.stock(sku)["available"]
    assert ["voided"] == [pay["status"] for pay in shop.payments_of(answer.json()["orderId"])]


def test_upstream_error_502_for_5xx(shop: Shop) -> None:
    """An upstream that answers 5xx to the end of the retries is told with its tries."""
    failing = shop.proxy("payment").on("POST", "/payments", status(500), times=None)
    answer = shop.place()

    assert (502, "upstream_error") == told(answer)
    assert 3 == failing.hits
    assert {
        "service": "payment",
        "operation": "authorize",
        "status": 500,
        "attempts": 3,
    }.items() <= (answer.json()["upstream"].items())
    assert "completed" == answer.json()["compensation"]


def test_upstream_error_502_for_nonsense(shop: Shop) -> None:
    """An upstream that carries out but answers junk is believed nothing: all is undone."""
    shop.proxy("shipping").on("POST", "/shipments", garbage(), times=None)
    answer = shop.place()

    assert (502, "upstream_error") == told(answer)
    assert "completed" == answer.json()["compensation"]
    assert ["voided"] == [pay["status"] for pay in shop.payments_of(answer.json()["orderId"])]


def test_upstream_unavailable_503_when_unreachable(shop: Shop) -> None:
    """An upstream that is not there is told with when to come again; the rest is undone."""
    shop.proxy("shipping").switch_off()
    answer = shop.place()

    assert (503, "upstream_unavailable") == told(answer)
    assert int(answer.headers["retry-after"]) >= 1
    assert ("FAILED", "completed") == (answer.json()["orderStatus"], answer.json()["compensation"])
    assert ("shipping", None) == (
        answer.json()["upstream"]["service"],
        answer.json()["upstream"]["status"],
    )


def test_upstream_busy_503(shop: Shop) -> None:
    """An upstream that asks to be called later, to the end of the retries, is told as away."""
    busy = status(429, retry_after_s=1)
    shop.proxy("inventory").on("POST", "/reserve", busy, times=None)
    answer = shop.place()

    assert (503, "upstream_unavailable") == told(answer)
    assert "1" == answer.headers["retry-after"]
    assert "completed" == answer.json()["compensation"]


def test_upstream_busy_beyond_the_deadline_503(shop: Shop) -> None:
    """An upstream that asks for more time than the order has is told so, with that time."""
    busy = status(429, retry_after_s=120)
    shop.proxy("inventory").on("POST", "/reserve", busy, times=None)
    answer = shop.place()

    assert (503, "upstream_unavailable") == told(answer)
    assert "120" == answer.headers["retry-after"]


def test_deadline_exceeded_504(shop: Shop, hasty: str) -> None:
    """An order whose deadline passes is rolled back, and its client told so."""
    shop.proxy("payment").on("POST", "/payments", HOLD_REQUEST, times=None)
    answer = shop.place(at=hasty)

    assert (504, "deadline_exceeded") == told(answer)
    assert ("FAILED", "completed") == (answer.json()["orderStatus"], answer.json()["compensation"])


def test_accepted_202(shop: Shop, hasty: str) -> None:
    """Charged, but not yet sold: accepted now, confirmed in the background later."""
    shop.proxy("inventory").on("POST", "/reservations/*/commit", status(503), times=None)
    answer = shop.place(at=hasty)
    accepted = answer.json()
    shop.proxy("inventory").clear()
    confirmed = shop.wait_for(accepted["id"], "CONFIRMED", "FAILED")

    assert (202, "PENDING") == (answer.status_code, accepted["status"])
    assert f"/orders/{accepted['id']}" == answer.headers["location"]
    assert "CONFIRMED" == confirmed["status"]


def test_overloaded_503(shop: Shop, small: str) -> None:
    """A replica that is full refuses before there is an order, and takes the next when it can."""
    user = fresh("u")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_ANSWER)
    first = shop.place_soon(at=small)
    held.wait_hit()
    refused = shop.place(order(userId=user), at=small)
    unread = request("POST", "/orders", order(userId=user))
    with Connection(shop.stack.replica(small).url) as client:
        client.send(unread[:-5])
        early = client.receive()
    held.release()

    assert (503, "overloaded") == told(refused)
    assert int(refused.headers["retry-after"]) >= 1
    assert "orderId" not in refused.json()
    assert (503, "overloaded") == (early[0], early[1]["code"]), "it costs no reading to refuse"
    assert [] == shop.orders_of(user)
    assert 201 == first.result().status_code
    assert 201 == shop.place(order(userId=user), at=small).status_code
