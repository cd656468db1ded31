"""A client that hangs up changes nothing."""

from testbed.faults import HOLD_REQUEST
from tests.e2e.raw import Connection, request
from tests.e2e.shop import Shop, fresh, order


def test_client_hangs_up(shop: Shop) -> None:
    """An order goes on to its end when nobody waits for its answer any more."""
    user = fresh("u")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_REQUEST)
    with Connection(shop.stack.replica("a").url) as client:
        client.send(request("POST", "/orders", order(userId=user)))
        held.wait_hit()
        client.hang_up()
    (pending,) = shop.orders_of(user)
    held.release()
    ended = shop.wait_for(pending["id"], "CONFIRMED", "FAILED")

    assert ("PENDING", "CONFIRMED") == (pending["status"], ended["status"])
    assert not any(line["kind"] == "event" for line in ended["timeline"])


def test_client_hangs_up_in_the_middle_of_its_request(shop: Shop) -> None:
    """Half a request is no order."""
    user, calls = fresh("u"), shop.calls()
    whole = request("POST", "/orders", order(userId=user))
    with Connection(shop.stack.replica("a").url) as client:
        client.send(whole[:-5])
        client.hang_up()

    assert 200 == shop.get("/livez").status_code
    assert [] == shop.orders_of(user)
    assert calls == shop.calls()
