"""SIGTERM: no new orders, the old ones finished; what cannot be finished is left to the others."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from testbed.faults import HOLD_ANSWER, HOLD_REQUEST, status
from testbed.ports import free_port
from testbed.processes import Process, order_replica
from tests.e2e.conftest import RESTING, ROOMY
from tests.e2e.raw import Connection, request
from tests.e2e.shop import ADDRESS, Shop, ended, fresh, order

LONG_LEASE = RESTING | {"LEASE_S": "600"}
"""Whoever finishes an order under it within the tests' bounds did not wait for its end."""

CUT_SHORT = ("--timeout-graceful-shutdown", "1")
"""uvicorn cancels its handlers after a second."""

CLEAN = (0, -15)
"""Exit codes of uvicorn after SIGTERM; it ends by that very signal."""


@pytest.fixture
def leaving(shop: Shop) -> Iterator[Process]:
    """Start the replica "leaving", which will be asked to end."""
    replica = shop.stack.add_replica("leaving", LONG_LEASE)
    yield replica
    replica.kill()


@pytest.fixture
def hurried(shop: Shop, request: pytest.FixtureRequest) -> Iterator[Process]:
    """Start a replica whose server waits for nobody when it is asked to end; its sagas may."""
    settings = ROOMY | shop.stack.addresses() | LONG_LEASE | {"DRAIN_S": request.param}
    plain = order_replica("hurried", free_port(), settings)
    program = replace(plain, command=(*plain.command, *CUT_SHORT))
    replica = Process(program, shop.stack.folder)
    replica.start()
    yield replica
    replica.kill()


def test_drained(shop: Shop, leaving: Process) -> None:
    """The order under way is finished and answered; new ones and probes are told 503."""
    user = fresh("u")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_REQUEST)
    late = request("POST", "/orders", order(userId=user))
    with Connection(leaving.url) as first, Connection(leaving.url) as second:
        first.send(request("POST", "/orders", order()) + request("GET", "/readyz"))
        second.send(late[:-5])
        held.wait_hit()
        leaving.ask_to_end()
        ended_early = not leaving.alive
        second.send(late[-5:])
        refused = second.receive()
        held.release()
        placed, ready = first.receive(), first.receive()
    code = ended(leaving)

    assert (201, "CONFIRMED") == (placed[0], placed[1]["status"])
    assert (503, {"status": "draining"}) == ready
    assert (503, "overloaded", False) == (refused[0], refused[1]["code"], "orderId" in refused[1])
    assert [] == shop.orders_of(user)
    assert not ended_early
    assert code in CLEAN


def test_client_is_still_answered(shop: Shop, leaving: Process) -> None:
    """A client whose order fails during the shutdown is told so, everything undone."""
    held = shop.proxy("shipping").on("POST", "/shipments", HOLD_ANSWER)
    placing = shop.place_soon(order(address=ADDRESS | {"country": "AQ"}), at="leaving")
    held.wait_hit()
    leaving.ask_to_end()
    held.release()
    answer = placing.result()

    assert (422, "completed") == (answer.status_code, answer.json()["compensation"])
    assert ended(leaving) in CLEAN


@pytest.mark.parametrize("hurried", ["10"], indirect=True)
def test_order_outlives_its_request(shop: Shop, hurried: Process) -> None:
    """A request that the server cuts short does not end its order, which is finished first."""
    user = fresh("u")
    held = shop.proxy("payment").on("POST", "/payments", HOLD_REQUEST)
    with Connection(hurried.url) as client:
        client.send(request("POST", "/orders", order(userId=user)))
        held.wait_hit()
        hurried.ask_to_end()
        cut_short = client.closed_or_failed()
    held.release()
    code = ended(hurried)
    (seen,) = shop.orders_of(user)

    assert cut_short
    assert code in CLEAN
    assert "CONFIRMED" == seen["status"]
    assert not any(line["kind"] == "event" for line in seen["timeline"])


@pytest.mark.parametrize("hurried", ["0"], indirect=True)
def test_unfinished_order_is_handed_over(shop: Shop, hurried: Process) -> None:
    """A replica that may not wait gives up its lease, and another replica finishes the order."""
    user = fresh("u")
    held = shop.proxy("payment").on("POST", "/payments/*/capture", HOLD_ANSWER)
    with Connection(hurried.url) as client:
        client.send(request("POST", "/orders", order(userId=user)))
        held.wait_hit()
        hurried.ask_to_end()
        code = ended(hurried)
    (listed,) = shop.orders_of(user)
    finished = shop.wait_for(listed["id"], "CONFIRMED", "FAILED")

    assert code in CLEAN
    assert "CONFIRMED" == finished["status"]
    assert {"given up by a replica that shuts down", "taken over (round 1), going forward"} == {
        line["note"] for line in finished["timeline"] if "note" in line
    }
    assert 1 == len(shop.payments_of(listed["id"]))


def test_undo_in_progress_is_handed_over(shop: Shop) -> None:
    """A replica that ends while it rolls an order back leaves the rest of that to another."""
    settings = {"UPSTREAM_TIMEOUT_S": "1", "ORDER_DEADLINE_S": "1", "DRAIN_S": "0"}
    leaving = shop.stack.add_replica("leaving", LONG_LEASE | settings)
    held = shop.proxy("payment").on("POST", "/payments/*/refund", HOLD_REQUEST, times=None)
    shop.proxy("shipping").on("POST", "/shipments", status(422))
    placing = shop.place_soon(at="leaving")
    held.wait_hit()
    leaving.ask_to_end()
    told = placing.result().json()
    code = ended(leaving)
    held.stop()
    finished = shop.wait_for(told["orderId"], "FAILED")

    assert code in CLEAN
    assert ("COMPENSATING", "pending") == (told["orderStatus"], told["compensation"])
    assert "shipment_refused" == finished["failure"]["code"]
