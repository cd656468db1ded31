"""The database service is down: the order service starts, stays up, says so, and recovers."""

from collections.abc import Iterator

import pytest

from testbed.faults import HOLD_ANSWER, LOSE, status
from tests.e2e.shop import Shop, eventually, fresh, order, told

IMPATIENT = {"UPSTREAM_TIMEOUT_S": "1", "ORDER_DEADLINE_S": "2", "RECOVERY_INTERVAL_S": "0.3"}


@pytest.fixture
def early(shop: Shop) -> Iterator[str]:
    """Start a replica while the database service is not there."""
    shop.proxy("database").switch_off()
    replica = shop.stack.add_replica("early", IMPATIENT | {"BREAKER_OPEN_S": "0.2"})
    yield replica.name
    replica.terminate()


def test_started_without_it(shop: Shop, early: str) -> None:
    """A replica that starts first is ready, refuses with 503, and takes orders once it is there."""
    ready = shop.get("/readyz", at=early).status_code
    refused = [shop.place(at=early), shop.get("/orders", at=early)]
    alive = shop.get("/livez", at=early).status_code
    shop.proxy("database").switch_on()
    placed = eventually(lambda: shop.place(at=early), lambda answer: answer.status_code == 201)

    assert (200, 200) == (ready, alive)
    assert [(503, "upstream_unavailable")] * 2 == [told(answer) for answer in refused]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all("database" == answer.json()["upstream"]["service"] for answer in refused)
    assert "orderId" not in refused[0].json()
    assert "CONFIRMED" == placed.json()["status"]


def test_killed_and_restarted(shop: Shop) -> None:
    """An order that is under way when it is killed ends well once it is back."""
    database = shop.stack.upstream("database")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_ANSWER)
    placing = shop.place_soon()
    held.wait_hit()
    database.kill()
    held.release()
    shop.proxy("inventory").on("POST", "/reservations/*/commit", status(503)).wait_hit()
    database.start()
    answer = placing.result()

    assert (201, "CONFIRMED") == (answer.status_code, answer.json()["status"])
    assert "CONFIRMED" == shop.shown(answer.json()["id"], at="b")["status"]


def test_answer_to_the_create_lost(shop: Shop) -> None:
    """When the answer to the create is lost, it is repeated: there is one order."""
    user = fresh("u")
    lost = shop.proxy("database").on("POST", "/orders", LOSE)
    answer = shop.place(order(userId=user))

    assert (1, 201) == (lost.hits, answer.status_code)
    assert [answer.json()["id"]] == [entry["id"] for entry in shop.orders_of(user)]


def test_answers_to_the_create_lost_to_the_end(shop: Shop) -> None:
    """An order that nobody can be told of is withdrawn; the key serves for a new one."""
    key, body = fresh("key"), order(userId=fresh("u"))
    shop.proxy("database").on("POST", "/orders", LOSE, times=3)
    calls = shop.calls("inventory", "payment", "shipping")
    refused = shop.place(body, key=key)
    calls_after = shop.calls("inventory", "payment", "shipping")
    again = shop.place(body, key=key)

    assert (503, "upstream_unavailable") == told(refused)
    assert "none" == refused.json()["compensation"]
    assert calls == calls_after
    assert 201 == again.status_code
    assert [again.json()["id"]] == [entry["id"] for entry in shop.orders_of(body["userId"])]


def test_answer_to_the_last_write_lost(shop: Shop) -> None:
    """When the answer to the last write is lost, the order is CONFIRMED once, and told so."""
    lost = shop.proxy("database").on("PATCH", "/orders/*", LOSE)
    answer = shop.place()

    assert (1, 201) == (lost.hits, answer.status_code)
    assert answer.json() == shop.shown(answer.json()["id"])
