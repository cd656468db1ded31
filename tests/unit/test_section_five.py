"""What must always hold (docs/protocol.md, section 5), under random faults, crashes and takeovers.

Two replicas in virtual time place and recover one order while every service loses, delays, refuses
and garbles what it is sent, and a replica may be stopped or frozen; then everything works again.
"""

import asyncio
from contextlib import suppress
from typing import Final

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from app import OrderService
from clients.errors import UpstreamError
from orchestrator.domain import Order
from orchestrator.errors import OrderServiceError
from orchestrator.placement import Placed
from proof.virtual_time import freeze, run
from tests.unit.faults import (
    CarryOut,
    Fault,
    after_effect,
    answers,
    crash,
    garbage,
    good,
    lost_answer,
    refused,
    silent,
    slow,
)
from tests.unit.orders import an_order
from tests.unit.world import World, place

LEASE_S: Final = 36.0
BOUND_S: Final = LEASE_S + 30
"""Once everything works again every order is final within lease + 30 s."""

STEPS: Final = ["reserve", "authorize", "ship", "capture", "commit"]
UNDOS: Final = ["release", "refund", "cancel"]
WRITES: Final = ["create", "update", "abandon", "claim", "get"]


def _freezing(seconds: float) -> Fault:
    async def fault(carry_out: CarryOut) -> httpx.Response:
        freeze(seconds)
        return carry_out()

    return fault


async def _late(carry_out: CarryOut) -> httpx.Response:
    """Let the request arrive long after its sender has given it up."""
    asyncio.get_running_loop().call_later(20, carry_out)
    return await silent(carry_out)


TROUBLE: Final[dict[str, Fault]] = {
    "good": good,
    "refused": refused,
    "silent": silent,
    "lost": lost_answer,
    "500": crash,
    "500 after": after_effect(500),
    "503": answers(503, headers={"Retry-After": "3"}),
    "garbage": garbage,
    "slow": slow(3),
    "too slow": slow(8),
    "late": _late,
    "frozen": _freezing(3),
    "asleep": _freezing(LEASE_S + 5),
}
REFUSALS: Final[dict[str, Fault]] = {"409": answers(409, code="no"), "402": answers(402)}

_TROUBLES = st.lists(st.sampled_from(sorted(TROUBLE)), max_size=5)
_PLANS = st.fixed_dictionaries(
    {},
    optional={
        **{
            step: st.lists(st.sampled_from(sorted(TROUBLE | REFUSALS)), max_size=5)
            for step in STEPS
        },
        **dict.fromkeys([*UNDOS, *WRITES], _TROUBLES),
    },
)
_STOPS = st.none() | st.floats(0, 40)
"""When the replica that takes the order is stopped, in seconds, if it is."""


@settings(max_examples=settings().max_examples // 2)
@given(plan=_PLANS, stopped_at=_STOPS, killed=st.booleans(), repeated=st.booleans())
def test_whatever_happens_the_order_ends_and_nothing_is_left_over(
    plan: dict[str, list[str]], stopped_at: float | None, *, killed: bool, repeated: bool
) -> None:
    """The order is final in time, what is CONFIRMED is whole, and what is FAILED left nothing."""
    run(_story(plan, stopped_at, killed=killed, repeated=repeated))


async def _story(
    plan: dict[str, list[str]], stopped_at: float | None, *, killed: bool, repeated: bool
) -> None:
    world = World()
    for operation, names in plan.items():
        where = world.database.plan if operation in WRITES else world.upstreams.plan
        where.next(operation, *[(TROUBLE | REFUSALS)[name] for name in names])
    first, second = _replica(world), _replica(world)
    watching = asyncio.create_task(second.recovery.run_forever())
    orders = [an_order()]
    placing = [asyncio.create_task(place(first, orders[0], key="k"))]
    if repeated:
        orders.append(an_order())
        placing.append(asyncio.create_task(place(second, orders[1], key="k")))
    if stopped_at is not None:
        await asyncio.sleep(stopped_at)
        await _stop(first, killed=killed)
    await asyncio.wait(placing)
    world.upstreams.plan.heal()
    world.database.plan.heal()

    await asyncio.sleep(BOUND_S)

    watching.cancel()
    await asyncio.wait({watching})
    assert len(world.database.rows) <= 1
    for order in orders:
        _check(world, order)
    for told in placing:
        _check_told(world, told)


def _replica(world: World) -> OrderService:
    return world.replica(lease_s=LEASE_S, resume_window_s=60)


async def _stop(replica: OrderService, *, killed: bool) -> None:
    """Let it give its orders up; or let it die without a word reaching anybody."""
    if killed:
        for upstream in replica.services.all.values():
            await upstream.close()
    await replica.running.drain(finish_within_s=0, give_up_within_s=6)


def _check(world: World, order: Order) -> None:
    """Rules 1 and 2: all of it, or nothing."""
    row = world.database.rows.get(order.id)
    reservation, payment, shipment = world.states(order)
    if row is not None and row.record["status"] == "CONFIRMED":
        assert ("committed", "captured", "created") == (reservation, payment, shipment)
        return
    assert row is None or row.record["status"] == "FAILED"
    assert reservation in {None, "released"}
    assert payment in {None, "voided", "refunded"}
    assert shipment in {None, "cancelled"}


def _check_told(world: World, told: asyncio.Task[Placed]) -> None:
    """Rule 6: what the client was told is what is true."""
    with suppress(OrderServiceError, UpstreamError):
        stored = told.result().stored
        status = world.database.rows[stored.id].record["status"]
        match stored.status:
            case "CONFIRMED" | "FAILED":
                assert stored.status == status
            case "COMPENSATING":
                assert "FAILED" == status
            case _:
                assert stored.progress["pivotPassed"] is True
