"""What is asked of the order service: orders, pages of them, probes and metrics."""

import pytest

from testbed.faults import HOLD_REQUEST, status
from tests.e2e.shop import Shop, fresh, order, told


@pytest.mark.parametrize("name", ["5f0c5f0e-0000-4000-8000-000000000000", "42", "%00"])
def test_unknown_order(shop: Shop, name: str) -> None:
    """An order that does not exist is 404, whatever its name looks like."""
    assert (404, "order_not_found") == told(shop.get(f"/orders/{name}"))


def test_pending_order(shop: Shop) -> None:
    """An order that is on its way is shown as PENDING, at another replica too."""
    user = fresh("u")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_REQUEST)
    placing = shop.place_soon(order(userId=user))
    held.wait_hit()
    (listed,) = shop.orders_of(user)
    seen = shop.shown(listed["id"], at="b")
    held.release()

    assert "PENDING" == seen["status"]
    assert listed == seen
    assert seen["id"] == placing.result().json()["id"]


def test_compensating_order(shop: Shop) -> None:
    """An order that is on its way back is shown so, and why; then as FAILED."""
    user = fresh("decline")
    held = shop.proxy("inventory").on("POST", "/reservations/*/release", HOLD_REQUEST)
    placing = shop.place_soon(order(userId=user))
    held.wait_hit()
    (seen,) = shop.orders_of(user)
    held.release()
    after = shop.shown(placing.result().json()["orderId"])

    assert "COMPENSATING" == seen["status"]
    assert "payment_declined" == seen["failure"]["code"]
    assert ("FAILED", 402) == (after["status"], after["failure"]["status"])


def test_timeline(shop: Shop) -> None:
    """An order shows its steps with their tries, outcomes and times, and what was undone."""
    shop.proxy("payment").on("POST", "/payments", status(503))
    placed = shop.place(order(userId=fresh("decline")))
    lines = [line for line in shop.shown(placed.json()["orderId"])["timeline"] if "step" in line]

    assert [
        ("reserve", "done", 1),
        ("authorize", "rejected", 2),
        ("refund", "done", 1),
        ("release", "done", 1),
    ] == [(line["operation"], line["outcome"], line["attempts"]) for line in lines]
    assert all(line["at"].endswith("Z") and line["ms"] >= 0 for line in lines)


def test_listed_newest_first(shop: Shop) -> None:
    """A user's orders are listed newest first, each as it is shown alone."""
    user = fresh("u")
    placed = [shop.place(order(userId=user)).json() for _ in range(3)]

    assert placed[::-1] == shop.orders_of(user)


def test_listed_by_status(shop: Shop) -> None:
    """A list can be narrowed to a user and a status."""
    user, poor = fresh("u"), fresh("decline")
    shop.place(order(userId=user))
    shop.place(order(userId=poor))
    found = {
        (who, status): [
            entry["userId"]
            for entry in shop.get("/orders", params={"userId": who, "status": status}).json()[
                "items"
            ]
        ]
        for who in (user, poor)
        for status in ("CONFIRMED", "FAILED")
    }

    assert {
        (user, "CONFIRMED"): [user],
        (user, "FAILED"): [],
        (poor, "CONFIRMED"): [],
        (poor, "FAILED"): [poor],
    } == found


def test_pages(shop: Shop) -> None:
    """Pages follow each other without gap or repeat; after the last there is no cursor."""
    user = fresh("u")
    placed = [shop.place(order(userId=user)).json()["id"] for _ in range(5)]
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, str | int] = {"userId": user, "limit": 2}
        page = shop.get("/orders", params=query | ({"cursor": cursor} if cursor else {})).json()
        pages.append([entry["id"] for entry in page["items"]])
        cursor = page["nextCursor"]

    assert [placed[:2:-1], placed[2:0:-1], placed[:1]] == pages


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=two", "/limit"),
        ("status=LOST", "/status"),
        ("cursor=never-given", "/cursor"),
        ("userId=%00", "/userId"),
    ],
)
def test_bad_query(shop: Shop, query: str, pointer: str) -> None:
    """A query that cannot be answered is refused with a pointer to what is wrong."""
    answer = shop.get(f"/orders?{query}")

    assert (422, "validation_failed") == told(answer)
    assert [pointer] == [error["pointer"] for error in answer.json()["errors"]]


def test_probes_ask_no_upstream(shop: Shop) -> None:
    """Health, liveness and readiness answer 200 with every upstream away."""
    for name in ("database", "inventory", "payment", "shipping"):
        shop.proxy(name).switch_off()
    answers = {path: shop.get(path) for path in ("/health", "/livez", "/readyz", "/metrics")}

    assert {200} == {answer.status_code for answer in answers.values()}
    assert {"status": "ok", "service": "Order Service"} == answers["/health"].json()


def test_metrics(shop: Shop) -> None:
    """Metrics count orders by outcome, steps with their times and tries, and show what is open."""
    confirmed = 'orders_total{code="",outcome="confirmed",recovered="false"}'
    declined = 'orders_total{code="payment_declined",outcome="failed",recovered="false"}'
    tries = 'order_step_attempts_total{kind="act",step="capture"}'
    lines = (confirmed, declined, tries)
    before = [shop.metric(line) for line in lines]
    shop.place()
    shop.place(order(userId="decline-me"))
    after = [shop.metric(line) for line in lines]
    text = shop.get("/metrics").text

    assert [1, 1, 1] == [now - then for now, then in zip(after, before, strict=True)]
    assert [] == [
        name
        for name in (
            "order_duration_seconds_bucket",
            "order_step_duration_seconds_bucket",
            "orders_in_flight",
            "orders_unfinished",
            "orders_flagged",
            "orders_oldest_unfinished_age_seconds",
            "orders_oldest_flagged_age_seconds",
            'orders_circuit_state{upstream="payment"}',
        )
        if f"\n{name}" not in text
    ]


def test_pages_of_the_api(shop: Shop) -> None:
    """The API describes itself."""
    assert 200 == shop.get("/docs").status_code
    assert "/orders" in shop.get("/openapi.json").json()["paths"]
