"""An undo that fails is never given up, told as pending, and shown to whoever looks after it."""

from testbed.faults import status
from tests.e2e.shop import ADDRESS, BOUND_S, Shop, eventually, fresh, order, told

NOWHERE = ADDRESS | {"postalCode": "00000"}


def test_undo_that_fails_for_a_while(shop: Shop) -> None:
    """The order stays COMPENSATING and is flagged, then final once the undo works again."""
    key = fresh("key")
    broken = shop.proxy("payment").on("POST", "/payments/*/refund", status(503), times=None)
    answer = shop.place(order(address=NOWHERE), key=key)
    order_id = answer.json()["orderId"]
    released_early = shop.calls("inventory")[-1]
    flagged = eventually(lambda: shop.shown(order_id), lambda seen: seen["attention"])
    in_metrics = eventually(
        lambda: shop.metric("orders_flagged ", at="b"), lambda count: count == 1
    )
    listed = shop.get("/orders", params={"attention": "true"}).json()["items"]
    broken.stop()
    final = shop.wait_for(order_id, "FAILED", bound_s=BOUND_S)
    again = shop.place(order(address=NOWHERE), key=key)

    assert (422, "shipment_refused") == told(answer)
    assert ("COMPENSATING", "pending") == (
        answer.json()["orderStatus"],
        answer.json()["compensation"],
    )
    # In reverse, one after the other: the stock is not put back before the money is.
    assert ("POST", "/reserve") == released_early
    assert "COMPENSATING" == flagged["status"]
    assert "payment refund" in flagged["attention"]["reason"]
    assert 1 == in_metrics
    assert [order_id] == [entry["id"] for entry in listed]
    assert final["attention"] is None
    assert (422, "completed") == (again.status_code, again.json()["compensation"])


def test_shipment_cannot_be_cancelled_for_a_while(shop: Shop) -> None:
    """A step refused after the pivot takes everything back, once shipping works again."""
    conflict = shop.proxy("payment").on("POST", "/payments/*/capture", status(409))
    broken = shop.proxy("shipping").on("POST", "/shipments/*/cancel", status(500), times=None)
    answer = shop.place()
    order_id = answer.json()["orderId"]
    broken.wait_hit(4)
    still = shop.shown(order_id)["status"]
    broken.stop()
    final = shop.wait_for(order_id, "FAILED")

    assert 1 == conflict.hits
    assert (502, "upstream_error") == told(answer)
    assert "pending" == answer.json()["compensation"]
    assert "COMPENSATING" == still
    assert "upstream_error" == final["failure"]["code"]
    assert ["voided"] == [pay["status"] for pay in shop.payments_of(order_id)]


def test_one_stuck_order_delays_no_other(shop: Shop) -> None:
    """While one order cannot be taken back, others go through and are taken back."""
    stuck = shop.proxy("shipping").on("POST", "/shipments/*/cancel", status(500), times=None)
    shop.proxy("payment").on("POST", "/payments/*/capture", status(409))
    first = shop.place().json()
    good = shop.place()
    declined = shop.place(order(userId="decline-me"))
    waiting = shop.shown(first["orderId"])["status"]
    stuck.stop()

    assert (201, 402) == (good.status_code, declined.status_code)
    assert "completed" == declined.json()["compensation"]
    assert "COMPENSATING" == waiting
