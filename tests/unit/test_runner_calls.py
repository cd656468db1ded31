"""The calls of a run: their trace, their limits, and what is kept of their answers."""

from typing import Final

import httpx
import pytest

from clients.call import Answer, CallLimits
from clients.database import StoredOrder
from orchestrator.domain import Order
from orchestrator.saga.step import Step, Upstreams
from orchestrator.saga.table import ORDER_SAGA
from tests.unit.faults import CarryOut, Fault, after_effect, answers, crash, silent, slow
from tests.unit.orders import TRACE, an_order
from tests.unit.world import Worker, World, hire, now_s

STEPS: Final = ["reserve", "authorize", "ship", "capture", "commit"]


UNDO: Final = {"reserve": "release", "authorize": "refund", "ship": "cancel"}


async def test_every_request_carries_the_trace_of_the_order() -> None:
    """Inventory, payment, shipping and database can tie their logs to the order."""
    world = World()

    await (await hire(world)).run()

    every = [sent.headers for sent in world.upstreams.sent]
    every += [request.headers for request in world.database.requests]
    assert 7 == len(every)
    for headers in every:
        assert TRACE.headers() == {name: headers[name] for name in TRACE.headers()}


async def test_the_forward_way_ends_with_the_deadline() -> None:
    """No step is tried after it; the order fails as out of time."""
    world = World()
    world.upstreams.plan.always("authorize", answers(503, headers={"Retry-After": "9"}))
    worker = await hire(world, order_deadline_s=30, retry_attempts=20)
    began = now_s()

    stored = await worker.run()

    tries = [sent.at_s - began for sent in world.upstreams.sent if sent.operation == "authorize"]
    assert (0, 9, 18, 27) == tuple(round(at_s, 3) for at_s in tries)
    assert (504, "deadline_exceeded") == _failure(stored)


async def test_a_step_that_the_deadline_has_reached_is_not_tried() -> None:
    """When the time is used up by one step the next is not begun, and not undone."""
    world, order = World(), an_order()
    world.upstreams.plan.next("reserve", *[silent] * 2, slow(4.9))
    worker = await hire(world, order, order_deadline_s=15, upstream_timeout_s=5)
    worker.errand.deadline = now_s() + 15.2

    stored = await worker.run()

    assert "FAILED" == stored.status
    assert {"reserve", "release"} == set(world.upstreams.operations)
    assert (504, "deadline_exceeded") == _failure(stored)


def _failure(stored: StoredOrder) -> tuple[int, str]:
    return stored.progress["failure"]["status"], stored.progress["failure"]["code"]


async def test_an_order_meets_an_open_circuit_as_unsent() -> None:
    """A step that was not tried for its circuit is not undone; the order fails as unavailable."""
    world, order = World(), an_order()
    worker = await hire(world, order, breaker_failures=1, retry_attempts=1)
    world.upstreams.plan.next("ship", crash)
    world.upstreams.plan.always("cancel", crash)
    await worker.run()
    second = Worker(worker.runner, (await hire(world)).errand, worker.heard)

    stored = await second.run()

    assert (503, "upstream_unavailable") == _failure(stored)
    assert ["reserve", "authorize", "refund", "release"] == world.upstreams.operations[-4:]


async def test_an_undo_is_tried_though_the_circuit_is_open() -> None:
    """Not to try would leave a parcel on its way and money where it does not belong."""
    world, order = World(), an_order()
    world.upstreams.plan.next("ship", after_effect(500))
    worker = await hire(world, order, breaker_failures=1, retry_attempts=1)

    stored = await worker.run()

    assert "FAILED" == stored.status
    assert "cancelled" == world.states(order)[2]


async def test_what_belongs_to_the_order_is_kept_from_the_answers() -> None:
    """The tracking number of the shipment is stored with the order."""
    world = World()

    stored = await (await hire(world)).run()

    assert {"trackingNumber": "TRACK-1"} == stored.progress["kept"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("A\x00B\n" + "c" * 300, {"trackingNumber": "A B " + "c" * 196}),
        (17, {}),
        (None, {}),
        ({"deep": "x"}, {}),
    ],
)
async def test_only_a_presentable_text_is_kept(said: object, kept: dict[str, str]) -> None:
    """What a stranger writes into an answer is cut and cleaned before it is stored."""
    world, order = World(), an_order()
    odd = {"id": order.shipment_id, "status": "created", "trackingNumber": said}
    world.upstreams.plan.next("ship", odd_answer(odd))

    stored = await (await hire(world, order)).run()

    assert kept == stored.progress["kept"]


def odd_answer(body: dict[str, object]) -> Fault:
    """Answer 201 with this body."""

    async def fault(carry_out: CarryOut) -> httpx.Response:
        carry_out()
        return httpx.Response(201, json=body)

    return fault


async def test_an_answer_about_another_amount_is_not_believed() -> None:
    """An authorization of other money is no authorization: it is undone."""
    world, order = World(), an_order()
    wrong: dict[str, object] = {"id": order.payment_id, "status": "authorized", "amount": "1.00"}
    world.upstreams.plan.always("authorize", odd_answer(wrong))

    stored = await (await hire(world, order)).run()

    assert (502, "upstream_error") == _failure(stored)
    assert "voided" == world.states(order)[1]


async def test_a_bug_in_a_step_is_not_taken_for_an_outcome() -> None:
    """Only what the clients say on purpose is an outcome; anything else breaks the run off."""

    async def broken(_: Upstreams, __: Order, ___: CallLimits) -> Answer:
        message = "a bug"
        raise ZeroDivisionError(message)

    saga = (Step(name="broken", upstream="any", action=broken),)
    world = World()

    with pytest.raises(ZeroDivisionError):
        await (await hire(world, saga=saga)).run()

    assert ["PENDING"] == world.statuses_written()


async def test_the_observer_hears_of_every_step_and_undo() -> None:
    """Metrics are made of the same lines as the timeline."""
    world = World()
    world.upstreams.plan.always("ship", answers(422))
    worker = await hire(world)

    await worker.run()

    heard = [(event.kind, event.operation, event.outcome) for event in worker.heard.events]
    assert [
        ("act", "reserve", "done"),
        ("act", "authorize", "done"),
        ("act", "ship", "rejected"),
        ("undo", "refund", "done"),
        ("undo", "release", "done"),
    ] == heard


def test_the_steps_of_these_tests_are_those_of_the_table() -> None:
    """A step that is added to the table is fault-tested here."""
    assert [step.name for step in ORDER_SAGA] == STEPS
    assert {step.name: step.undo.operation for step in ORDER_SAGA if step.undo} == UNDO
