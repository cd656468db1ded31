"""A circuit per upstream: open, no order is begun; half open, exactly one is."""

import pytest

from testbed.faults import HOLD_REQUEST
from tests.e2e.shop import Shop, eventually, fresh, order, repeatable, told

OPEN, HALF_OPEN, CLOSED = 2, 1, 0


def circuit(shop: Shop, fuse: str, upstream: str = "payment") -> float:
    """The state of an upstream's circuit."""
    return shop.metric(f'orders_circuit_state{{upstream="{upstream}"}}', at=fuse)


@pytest.fixture
def closed_circuit(shop: Shop, fuse: str) -> str:
    """Let the circuit that another test opened close again."""
    eventually(lambda: shop.place(at=fuse).status_code, lambda status: status == 201)
    return fuse


@pytest.fixture
def open_circuit(shop: Shop, closed_circuit: str) -> str:
    """Take payment away until its circuit is open, at the replica whose name is given."""
    shop.proxy("payment").switch_off()
    answers = [shop.place(at=closed_circuit) for _ in range(2)]

    assert [(503, "upstream_unavailable")] * 2 == [told(answer) for answer in answers]
    assert all("orderId" in answer.json() for answer in answers)
    return closed_circuit


def test_open_circuit_503(shop: Shop, open_circuit: str) -> None:
    """With an open circuit an order is refused before it exists, and no upstream hears of it."""
    user = fresh("u")
    calls = shop.calls()
    refused = shop.place(order(userId=user), at=open_circuit)
    calls_after = shop.calls()

    assert (503, "upstream_unavailable") == told(refused)
    assert int(refused.headers["retry-after"]) >= 1
    assert "payment" == refused.json()["upstream"]["service"]
    assert "orderId" not in refused.json()
    assert "none" == refused.json()["compensation"]
    assert calls == calls_after
    assert [] == shop.orders_of(user)


def test_open_circuit_still_replays(shop: Shop, open_circuit: str) -> None:
    """The answer of an order that is done needs no upstream, so it is given all the same."""
    shop.proxy("payment").switch_on()
    key = fresh("key")
    first = shop.place(key=key)
    again = shop.place(key=key, at=open_circuit)

    assert 201 == first.status_code
    assert repeatable(first) == repeatable(again)
    assert "true" == again.headers["idempotent-replayed"]


def test_half_open_circuit_lets_one_through(shop: Shop, open_circuit: str) -> None:
    """After its pause the circuit lets one order through; when that succeeds, all others too."""
    shop.proxy("payment").switch_on()
    held = shop.proxy("payment").on("POST", "/payments", HOLD_REQUEST)
    eventually(lambda: circuit(shop, open_circuit), lambda state: state == HALF_OPEN)
    seen = len(shop.calls("payment"))
    soon = [shop.place_soon(at=open_circuit) for _ in range(6)]
    held.wait_hit()
    refused = eventually(
        lambda: [request.result() for request in soon if request.done()],
        lambda answers: len(answers) == 5,
    )
    reached = len(shop.calls("payment")) - seen
    held.release()
    answers = sorted(request.result().status_code for request in soon)

    assert [(503, "upstream_unavailable")] * 5 == [told(answer) for answer in refused]
    assert 1 == reached
    assert [201, 503, 503, 503, 503, 503] == answers
    assert CLOSED == circuit(shop, open_circuit)
    assert 201 == shop.place(at=open_circuit).status_code


def test_half_open_circuit_opens_again(shop: Shop, open_circuit: str) -> None:
    """When the one order that was let through meets the same failure, the circuit is open again."""
    eventually(lambda: circuit(shop, open_circuit), lambda state: state == HALF_OPEN)
    probe = shop.place(at=open_circuit)
    state = circuit(shop, open_circuit)
    shop.proxy("payment").switch_on()
    eventually(lambda: circuit(shop, open_circuit), lambda state: state == HALF_OPEN)

    assert (503, OPEN) == (probe.status_code, state)
    assert "orderId" in probe.json()
    assert 201 == shop.place(at=open_circuit).status_code
