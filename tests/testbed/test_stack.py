"""The whole system, as real processes: an order goes through, and the books agree."""

import time
from collections.abc import Iterator

import httpx
import pytest

from testbed import faults
from testbed.audit import Told
from testbed.books import Entry
from testbed.processes import ProcessFailedError
from testbed.stack import UPSTREAMS, Stack

SHELVES = {"SKU-1": 5}

ORDER = {
    "userId": "u-1",
    "address": {"line1": "1 Main Street", "city": "Pune", "country": "IN", "postalCode": "411001"},
    "currency": "INR",
    "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}],
}

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Four upstreams on SQLite, payment behind a proxy, and one replica."""
    with Stack(proxied=("payment",)) as running:
        running.set_stock(SHELVES)
        yield running


def place(stack: Stack, **changes: object) -> httpx.Response:
    """Place an order with the first replica."""
    url = stack.replicas[0].url + "/orders"
    return httpx.post(url, json=ORDER | changes, timeout=PATIENCE_S)


def place_once_taken(stack: Stack) -> httpx.Response:
    """Repeat it as a client would that is told to come back: circuits may still be open."""
    give_up_at = time.monotonic() + PATIENCE_S
    while (answer := place(stack)).status_code == 503:
        assert time.monotonic() < give_up_at, answer.text
        time.sleep(float(answer.headers["Retry-After"]))
    return answer


def told(answers: list[httpx.Response]) -> list[Told]:
    """What the audit needs to know of the answers."""

    def of(status: int, body: Entry) -> Told:
        order_id = body.get("id") or body.get("orderId")
        return Told(status, order_id, None, body.get("code"), body.get("compensation"))

    return [of(answer.status_code, answer.json()) for answer in answers]


def test_orders_on_sqlite(stack: Stack) -> None:
    """Orders go through or fail, through a proxy that loses an answer, and the audit agrees."""
    stack.proxy("payment").on("POST", "/payments", faults.LOSE)
    answers = [place(stack), place(stack, userId="decline-1"), place(stack), place(stack)]

    assert [201, 402, 201, 409] == [answer.status_code for answer in answers]
    assert [] == stack.audit(SHELVES, told(answers))
    assert 5 == len([seen for seen in stack.proxy("payment").seen if seen.path == "/payments"]) + 1


@pytest.mark.postgres
def test_orders_on_postgres(postgres_url: str) -> None:
    """All four upstreams share one PostgreSQL, survive a kill, and the audit agrees."""
    with Stack(replicas=("a", "b"), database_url=postgres_url) as stack:
        stack.set_stock(SHELVES)
        first = place(stack)
        for name in UPSTREAMS:
            stack.upstream(name).kill()
            stack.upstream(name).start(wait=False)
        for name in UPSTREAMS:
            stack.upstream(name).wait_ready()
        second = place_once_taken(stack)

        assert [201, 201] == [first.status_code, second.status_code]
        assert [] == stack.audit(SHELVES, told([first, second]))


def test_nothing_started_is_left_when_a_replica_cannot_start() -> None:
    """A replica that refuses its settings takes the whole start back, and says why."""
    stack = Stack(settings={"LEASE_S": "1"})

    with pytest.raises(ProcessFailedError, match="LEASE_S"), stack:
        pass

    assert not any(process.alive for process in stack.processes)
    assert not stack.folder.exists()
