"""A Deployment's replicas are replaced under load, and no order is lost, refused or left behind."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from testbed.books import Entry
from testbed.ports import free_port
from testbed.processes import Process, order_replica
from testbed.stack import Stack
from tests.rolling.customers import SKU, Asked, Customers
from tests.rolling.rollout import Rollout
from tests.rolling.service import Service
from tests.rolling.waiting import wait_until

SETTINGS = {
    "UPSTREAM_TIMEOUT_S": "60",
    "ORDER_DEADLINE_S": "60",
    "DRAIN_S": "90",
    "LEASE_S": "150",
    "RECOVERY_INTERVAL_S": "1",
    "LOG_LEVEL": "warning",
}
"""An order that is held while a replica goes has time for it, on a slow machine too."""

NO_TIME = {"DRAIN_S": "0"}
CUT_SHORT = ("--timeout-graceful-shutdown", "1")
"""A server that drops its requests after a second: the order is all there is to wait for."""

CLEAN = (0, -15)
"""uvicorn, when all is done, ends by the very signal that it was sent."""

PLENTY = 100_000
ANSWERED = 5
"""Orders of a replica that show that it takes its share."""


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Start two replicas on the reference services."""
    with Stack(replicas=("a", "b"), proxied=("payment",), settings=SETTINGS) as running:
        running.set_stock({SKU: PLENTY})
        yield running


def left_behind(orders: Sequence[Entry]) -> list[str]:
    """What tells that an order was given up or taken over: each has a line about it."""
    assert all("timeline" in order for order in orders)
    return [
        f"{order['id']}: {line['note']}"
        for order in orders
        for line in order["timeline"]
        if line["kind"] == "event"
    ]


def replicas_of(asked: Sequence[Asked]) -> set[str]:
    """Who was asked."""
    return {each.replica for each in asked}


def test_rollout(stack: Stack) -> None:
    """Every client gets its order, each replica finishes its own, and the books agree."""
    with Service().probing() as service:
        for process in stack.replicas:
            service.add(process)
        rollout = Rollout(stack, service)
        with Customers(service).shopping() as customers:
            codes = [
                rollout.replace(stack.replica("a"), "c"),
                rollout.replace(stack.replica("b"), "d"),
            ]
            gone = len(customers.asked)
            wait_until(lambda: {"c", "d"} == replicas_of(customers.asked[gone + ANSWERED :]))
    orders = stack.orders()

    assert [] == customers.failures
    assert {"a", "b", "c", "d"} == replicas_of(customers.asked)
    assert set(codes) <= set(CLEAN)
    assert [] == left_behind(orders)
    assert len(customers.asked) == len(orders)
    assert [] == stack.audit({SKU: PLENTY}, customers.told)


def test_what_goes_wrong_is_seen(stack: Stack) -> None:
    """Without a readiness probe, without preStop, without time to drain: each is noticed."""
    with Service().probing() as service:
        for process in stack.replicas:
            service.add(process)
        rollout = Rollout(stack, service)
        with Customers(service).shopping() as customers:
            without_probe(stack, service, customers)
            without_pre_stop(stack.replica("a"), service, customers, rollout)
            without_time(stack, service, rollout)
    orders = stack.orders()
    seen = {(each.replica, each.text.partition(":")[0]) for each in customers.failures}

    assert {("unready", "not sent"), ("a", "not sent")} <= seen
    assert {"unready", "a", "impatient"} == {replica for replica, _ in seen}
    assert {"given up by a replica that shuts down", "taken over (round 1), going forward"} == {
        line.partition(": ")[2] for line in left_behind(orders)
    }
    assert [] == stack.audit({SKU: PLENTY}, customers.told)


def without_probe(stack: Stack, service: Service, customers: Customers) -> None:
    """Send to a replica that is not up yet, until somebody was refused."""
    program = order_replica("unready", free_port(), SETTINGS | stack.addresses())
    service.add(Process(program, stack.folder), unseen=True)
    wait_until(lambda: "unready" in replicas_of(customers.failures))
    service.announce_end("unready")


def without_pre_stop(
    old: Process, service: Service, customers: Customers, rollout: Rollout
) -> None:
    """End a replica of whose end nobody has heard, until somebody was refused."""
    with rollout.busy(old) as held:
        rollout.end(old)
        wait_until(lambda: old.name in replicas_of(customers.failures))
        service.announce_end(old.name)
        held.release()
        rollout.ended(old)


def without_time(stack: Stack, service: Service, rollout: Rollout) -> None:
    """End a replica that may not wait for its order."""
    settings = SETTINGS | stack.addresses() | NO_TIME
    plain = order_replica("impatient", free_port(), settings)
    process = Process(replace(plain, command=(*plain.command, *CUT_SHORT)), stack.folder)
    process.start()
    try:
        service.add(process)
        with rollout.busy(process):
            service.announce_end(process.name)
            service.wait_forgotten(process.name)
            process.ask_to_end()
            assert rollout.ended(process) in CLEAN
    finally:
        process.kill()
    wait_until(lambda: all(order["status"] == "CONFIRMED" for order in stack.orders()))
