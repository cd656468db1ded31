"""The story that takes longest to tell: a replica is killed and another finishes its order."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

import httpx

from demo.checks import Check, answered, sold
from demo.shop import Answer, Request
from demo.stage import Stage
from testbed import faults
from testbed.books import Entry

LEASE_S: Final = 6
"""How long a silent replica keeps its orders here; 60 by default."""

_BOUND_S: Final = LEASE_S + 30.0
"""The protocol's own: final within the lease and half a minute."""

_TICK_S: Final = 0.1  # how often the countdown moves

_FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})


def killed_in_the_middle(stage: Stage) -> Iterator[Check]:
    """Kill the first replica while its ship request is on the way."""
    request = Request(key="stubborn")
    ship = stage.proxy("shipping").on("POST", "/shipments", faults.HOLD_REQUEST)
    stage.say(request)
    with ThreadPoolExecutor(max_workers=1) as customer:
        waiting = customer.submit(stage.shop.place, request, stage.first)
        ship.wait_hit()
        stage.first.kill()
        heard = _outcome(waiting)
    stage.screen.line("           ←  nothing: the connection broke", "red")
    stage.screen.line(
        f"{stage.first.name} was killed while its request to shipping was on the way. Now that "
        "request arrives after all, as late ones do, and nobody hears the answer."
    )
    ship.release()

    order = _wait_until_final(stage)
    again = stage.shop.place(request, stage.second)
    stage.screen.line(f"POST /orders  {request}, to {stage.second.name}")
    stage.hear(again)
    order = stage.timeline(order["id"], stage.second)

    yield Check("the customer got no answer at first", isinstance(heard, Exception), heard)
    yield Check(f"{stage.second.name} took the order over", _was_taken_over(order), order)
    yield answered(again, 201, "CONFIRMED")
    yield Check(
        "asked again with the same key, it is the same order", again.order_id == order["id"]
    )
    yield from sold(stage.shop, order)


def _outcome(waiting: "Future[Answer]") -> Answer | httpx.TransportError:
    try:
        return waiting.result()
    except httpx.TransportError as broken:
        return broken


def _wait_until_final(stage: Stage) -> Entry:
    """Watch the order through the second replica, with a countdown.

    Raises:
        TimeoutError: It was not final within the lease and half a minute.
    """
    began = time.monotonic()
    while True:
        order = stage.shop.newest_order(stage.second)
        waited_s = time.monotonic() - began
        if order["status"] in _FINAL:
            stage.screen.line(f"{stage.second.name} finished it {waited_s:.1f} s after the kill.")
            return order
        if waited_s > _BOUND_S:
            raise TimeoutError(
                f"order {order['id']} is still {order['status']} after {waited_s:.0f} s"
            )
        stage.screen.progress(f"{stage.second.name} waits: {_what_for(order)}")
        time.sleep(_TICK_S)


def _what_for(order: Entry) -> str:
    age_s = (datetime.now(UTC) - datetime.fromisoformat(order["createdAt"])).total_seconds()
    left_s = LEASE_S - age_s
    if left_s > 0:
        return f"the dead replica's lease runs out in {left_s:.1f} s"
    return "the lease has run out, the next look for orphans comes within two seconds"


def _was_taken_over(order: Entry) -> bool:
    return any("taken over" in entry.get("note", "") for entry in order["timeline"])
