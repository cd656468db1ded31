"""A replica dies or sleeps in the middle of orders: another finishes them, once.

The accidents happen once, to many orders at a time; the tests look at what came of them.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

import httpx
import pytest

from testbed.fault_proxy import Exchange
from testbed.faults import CUT, HOLD_ANSWER, HOLD_REQUEST, Fault
from testbed.rules import Rule
from tests.e2e.conftest import RESTING
from tests.e2e.shop import ADDRESS, Body, Shop, eventually, fresh, order

MORTAL: Final = RESTING | {
    "UPSTREAM_TIMEOUT_S": "3",
    "ORDER_DEADLINE_S": "3",
    "LEASE_S": "6.1",
    "DRAIN_S": "0",
}
"""A lease that is soon over when its replica says no more, and just time enough to be caught."""

CALLS: Final = (
    ("inventory", "POST", "/reserve"),
    ("payment", "POST", "/payments"),
    ("shipping", "POST", "/shipments"),
    ("payment", "POST", "/payments/*/capture"),
    ("inventory", "POST", "/reservations/*/commit"),
    ("database", "PATCH", "/orders/*"),
)
"""The calls of a good order, in their order."""

LOST_LATER: Final = replace(HOLD_REQUEST, name="held, then lost", forward=False, reply=CUT)
"""What only the successor can make good."""

NOWHERE: Final = ADDRESS | {"country": "AQ"}


@dataclass(frozen=True)
class Killed:
    """What came of the orders of a replica that was killed."""

    goers: list[Body]
    """Those that were on their way forward, one held before and one after each call's effect."""
    returner_then: Body
    returner: Body
    """One that was between two undos, at the kill and at the end."""
    repeated: httpx.Response
    """The answer to a repeat of one of the first."""


@dataclass(frozen=True)
class Slept:
    """What came of the orders of a replica that was paused beyond its lease."""

    goers: list[Body]
    """Those that its successor carried on, at their end."""
    told: list[httpx.Response]
    """What the sleeper answered for them when it was awake again."""
    returner: Body
    told_of_returner: httpx.Response
    """One that its successor took back."""
    late_status: int | None
    """What became of the sleeper's authorize that arrived after the refund."""


def hold(shop: Shop, upstream: str, method: str, path: str, fault: Fault) -> Rule:
    """Hold one such call."""
    return shop.proxy(upstream).on(method, path, fault)


def begin(
    shop: Shop, body: Body, holds: list[Rule], at: str, key: str | None
) -> list[Future[httpx.Response]]:
    """Place as many orders as there are holds, and return when each is in one."""
    placing = [shop.place_soon(body, at=at, key=key if n == 0 else None) for n in range(len(holds))]
    for held in holds:
        held.wait_hit()
    return placing


def all_final(orders: list[Body]) -> bool:
    """Whether nothing will change any more."""
    return all(entry["status"] in {"CONFIRMED", "FAILED"} for entry in orders)


@dataclass(frozen=True)
class Accident:
    """A replica that is killed and one that is paused, at the same time."""

    killed: Killed
    slept: Slept


@pytest.fixture(scope="module")
def accident(system: Shop) -> Iterator[Accident]:
    """Let both befall the orders of two replicas, and the others finish them."""
    for name in ("mortal", "sleeper"):
        system.stack.add_replica(name, MORTAL)
    finish_slept = lay_to_sleep(system)
    finish_killed = kill(system)
    yield Accident(finish_killed(), finish_slept())
    system.stack.replica("sleeper").terminate()


def kill(shop: Shop) -> Callable[[], Killed]:
    """Kill a replica with orders in all its calls; what is returned waits for their ends."""
    key, returner, goer = fresh("key"), order(userId=fresh("u"), address=NOWHERE), order()
    goer["userId"] = fresh("u")
    back = hold(shop, "inventory", "POST", "/reservations/*/release", LOST_LATER)
    begin(shop, returner, [back], "mortal", None)
    holds = [hold(shop, *call, fault) for call in CALLS for fault in (HOLD_REQUEST, HOLD_ANSWER)]
    begin(shop, goer, holds, "mortal", key)
    (returner_then,) = shop.orders_of(returner["userId"])
    shop.stack.replica("mortal").kill()
    for held in (back, *holds):
        held.release()

    def finish() -> Killed:
        repeated = shop.place(goer, key=key)
        goers = eventually(lambda: shop.orders_of(goer["userId"]), all_final)
        (returner_now,) = eventually(lambda: shop.orders_of(returner["userId"]), all_final)
        return Killed(goers, returner_then, returner_now, repeated)

    return finish


def lay_to_sleep(shop: Shop) -> Callable[[], Slept]:
    """Pause a replica with orders in its calls to payment; what is returned waits and wakes it."""
    returner, goer = order(userId=fresh("u"), address=NOWHERE), order(userId=fresh("u"))
    late = hold(shop, "payment", "POST", "/payments", HOLD_REQUEST)
    (of_returner,) = begin(shop, returner, [late], "sleeper", None)
    holds = [hold(shop, *CALLS[n], fault) for n in (1, 3) for fault in (HOLD_REQUEST, HOLD_ANSWER)]
    of_goers = begin(shop, goer, holds, "sleeper", None)
    shop.stack.replica("sleeper").pause()

    def finish() -> Slept:
        goers = eventually(lambda: shop.orders_of(goer["userId"]), all_final)
        (returner_now,) = eventually(lambda: shop.orders_of(returner["userId"]), all_final)
        for held in (late, *holds):
            held.release()
        late_call = eventually(
            lambda: call_with_key(shop, f"{returner_now['id']}:authorize"), lambda seen: seen.status
        )
        shop.stack.replica("sleeper").resume()
        told = [request.result() for request in of_goers]
        return Slept(goers, told, returner_now, of_returner.result(), late_call.status)

    return finish


def call_with_key(shop: Shop, key: str) -> Exchange:
    """The first call to payment that bore this key."""
    return next(exchange for exchange in shop.proxy("payment").seen if exchange.key == key)


def test_killed_going_forward(shop: Shop, accident: Accident) -> None:
    """Orders are confirmed and charged once, wherever the kill met them."""
    killed = accident.killed

    assert ["CONFIRMED"] * 2 * len(CALLS) == [entry["status"] for entry in killed.goers]
    assert {1} == {len(shop.payments_of(entry["id"])) for entry in killed.goers}


def test_killed_going_back(accident: Accident) -> None:
    """An order that was between two undos is rolled back to its end."""
    killed = accident.killed

    assert "COMPENSATING" == killed.returner_then["status"]
    assert "FAILED" == killed.returner["status"]
    assert "shipment_refused" == killed.returner["failure"]["code"]


def test_same_key_after_the_kill(accident: Accident) -> None:
    """A client that asks again under its key gets the order that the dead replica began."""
    killed = accident.killed

    assert 201 == killed.repeated.status_code
    assert "true" == killed.repeated.headers["idempotent-replayed"]
    assert killed.repeated.json() in killed.goers


def test_slept_going_forward(shop: Shop, accident: Accident) -> None:
    """A sleeper's orders are confirmed and charged once, and its clients told so."""
    slept = accident.slept

    assert {"CONFIRMED"} == {entry["status"] for entry in slept.goers}
    assert {201} == {answer.status_code for answer in slept.told}
    assert {entry["id"]: entry for entry in slept.goers} == {
        answer.json()["id"]: answer.json() for answer in slept.told
    }
    assert slept.goers == shop.orders_of(slept.goers[0]["userId"])
    assert {1} == {len(shop.payments_of(entry["id"])) for entry in slept.goers}


def test_slept_going_back(shop: Shop, accident: Accident) -> None:
    """What its successor took back stays so: the sleeper's late call meets the tombstone."""
    slept = accident.slept
    told = slept.told_of_returner

    assert "FAILED" == slept.returner["status"]
    assert 410 == slept.late_status
    assert (422, "shipment_refused", "completed") == (
        told.status_code,
        told.json()["code"],
        told.json()["compensation"],
    )
    assert ["voided"] == [pay["status"] for pay in shop.payments_of(slept.returner["id"])]
