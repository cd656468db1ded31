"""What is told of an order's way: each step and undo with its tries, its time and its trouble."""

from typing import Any

import pytest

from clients.database import StoredOrder
from tests.unit.faults import answers, crash, lost_answer, refused, silent, slow
from tests.unit.world import World, hire


def _lines(stored: StoredOrder, *members: str) -> list[tuple[Any, ...]]:
    return [
        tuple(line.get(member) for member in members)
        for line in stored.progress["timeline"]
        if "step" in line
    ]


def _notes(stored: StoredOrder) -> list[str]:
    return [line["note"] for line in stored.progress["timeline"] if "note" in line]


async def test_a_good_order_has_a_line_for_each_step() -> None:
    """Five acts, one try each, all done."""
    stored = await (await hire(World())).run()

    assert [
        ("act", "reserve", "reserve", "done", 1),
        ("act", "authorize", "authorize", "done", 1),
        ("act", "ship", "ship", "done", 1),
        ("act", "capture", "capture", "done", 1),
        ("act", "commit", "commit", "done", 1),
    ] == _lines(stored, "kind", "step", "operation", "outcome", "attempts")


async def test_a_failed_order_tells_the_decision_and_the_undos() -> None:
    """The decision stands between the refusal and the undos it caused."""
    world = World()
    world.upstreams.plan.always("ship", answers(422, code="address_not_served"))

    stored = await (await hire(world)).run()

    told = [line.get("operation") or line["note"] for line in stored.progress["timeline"]]
    assert [
        "reserve",
        "authorize",
        "ship",
        "decided to compensate: the shipment was refused",
        "refund",
        "release",
    ] == told


async def test_tries_are_counted_however_they_ended() -> None:
    """Two failures and a success are three attempts of one line."""
    world = World()
    world.upstreams.plan.next("authorize", crash, refused)

    stored = await (await hire(world)).run()

    assert ("authorize", 3) in _lines(stored, "step", "attempts")


@pytest.mark.parametrize(("tries", "expected"), [(1, 1), (4, 4), (7, 7)])
async def test_a_step_that_stays_broken_is_tried_as_often_as_set(tries: int, expected: int) -> None:
    """RETRY_ATTEMPTS is the number of tries, the first one counted."""
    world = World()
    world.upstreams.plan.always("reserve", crash)

    stored = await (await hire(world, retry_attempts=tries)).run()

    assert ("reserve", "unknown", expected) in _lines(stored, "step", "outcome", "attempts")
    assert expected == world.upstreams.operations.count("reserve")


async def test_in_debug_mode_a_step_is_tried_once() -> None:
    """DEBUG_MODE=true shows the first failure at once."""
    world = World()
    world.upstreams.plan.always("reserve", crash)

    stored = await (await hire(world, debug_mode=True)).run()

    assert ("reserve", 1) in _lines(stored, "step", "attempts")


async def test_a_refused_step_was_tried_once() -> None:
    """A rejection is never repeated."""
    world = World()
    world.upstreams.plan.always("authorize", answers(402, code="payment_declined"))

    stored = await (await hire(world)).run()

    assert ("authorize", "rejected", 1) in _lines(stored, "step", "outcome", "attempts")


async def test_the_time_of_a_step_includes_tries_and_pauses() -> None:
    """A time-out of five seconds, a pause of 0.2 to 0.4 s and an answer after two add up."""
    world = World()
    world.upstreams.plan.next("reserve", silent, slow(2))

    stored = await (await hire(world, upstream_timeout_s=5)).run()

    (ms,) = next(line for line in _lines(stored, "ms", "step") if line[1] == "reserve")[:1]
    assert 7200 <= ms <= 7400


async def test_trouble_is_told_with_status_code_and_reason() -> None:
    """A line that did not end well says what the upstream said."""
    world = World()
    problem = answers(402, code="payment_declined", detail="insufficient\nfunds")
    world.upstreams.plan.always("authorize", problem)

    stored = await (await hire(world)).run()

    expected = {"status": 402, "code": "payment_declined", "detail": "insufficient funds"}
    assert ("authorize", expected) in _lines(stored, "step", "error")


async def test_no_host_is_told() -> None:
    """What the network says names addresses of ours; the timeline and the failure do not."""
    world = World()
    world.upstreams.plan.always("authorize", refused)

    stored = await (await hire(world)).run()

    told = str(stored.progress)
    assert "could not connect" in told
    assert "10.1.2.3" not in told
    assert "internal" not in told
    assert "localhost" not in told


async def test_a_failure_is_told_with_its_attempts() -> None:
    """The member `upstream` of the failure says who, what and how often."""
    world = World()
    world.upstreams.plan.always("ship", lost_answer)

    stored = await (await hire(world)).run()

    assert {
        "service": "shipping",
        "operation": "ship",
        "status": None,
        "code": None,
        "detail": "the connection broke before the answer was complete",
        "attempts": 4,
    } == stored.progress["failure"]["upstream"]


async def test_a_parked_order_says_for_how_long_and_why() -> None:
    """The last line of a parked order names the pause and what stood in the way."""
    world = World()
    world.upstreams.plan.always("commit", answers(503, detail="on holiday"))

    stored = await (await hire(world)).run()

    (note,) = _notes(stored)
    assert note.startswith("parked, to be tried again in 0.")
    assert note.endswith("inventory commit: 503 on holiday")


async def test_the_clock_of_the_lines_is_utc_in_milliseconds() -> None:
    """Times are RFC 3339 with a Z, as the database service writes them."""
    stored = await (await hire(World())).run()

    at = stored.progress["timeline"][0]["at"]
    assert 24 == len(at)
    assert at.endswith("Z")
