"""The right to act on an order: conditional writes, the lease, and the fence at its end."""

import httpx
import pytest

from clients.call import CallLimits
from clients.database import StoredOrder
from clients.errors import Rejected
from orchestrator.domain import OrderStatus
from orchestrator.errors import CustodyLostError
from orchestrator.saga.custody import Custody, Lease
from orchestrator.saga.progress import Progress
from orchestrator.saga.runner import happened
from tests.unit.faults import answers, crash, lost_answer, silent, slow
from tests.unit.orders import TRACE
from tests.unit.world import World, hire, now_s


async def _custody(world: World, *, lease_s: float = 60, breaker_failures: int = 8) -> Custody:
    worker = await hire(world, lease_s=lease_s, breaker_failures=breaker_failures)
    return worker.errand.custody


def _row(world: World, custody: Custody) -> dict[str, object]:
    return world.database.rows[custody.order_id].record


def _updates(world: World) -> list[httpx.Request]:
    return [request for request in world.database.requests if request.method == "PATCH"]


async def test_the_lease_begins_before_the_request_that_creates_it() -> None:
    """The worker believes its lease over before the database service does."""
    world = World()
    began = now_s()
    world.database.plan.next("create", slow(3))

    custody = await _custody(world, lease_s=60)

    assert began + 60 == custody.fence
    assert now_s() == began + 3


async def test_a_renewal_is_reckoned_from_before_its_request() -> None:
    """A slow answer does not lengthen what the worker takes its lease to be."""
    world = World()
    custody = await _custody(world, lease_s=60)
    began = now_s()
    world.database.plan.next("update", slow(4))

    await custody.keep(Progress())

    assert began + 60 == custody.fence
    assert now_s() == began + 4


async def test_a_renewal_that_took_several_tries_begins_before_the_first() -> None:
    """The first try may have been the one that was carried out."""
    world = World()
    custody = await _custody(world, lease_s=60)
    began = now_s()
    world.database.plan.next("update", silent, lost_answer)

    await custody.keep(Progress())

    assert began + 60 == custody.fence
    assert 2 == _row(world, custody)["version"]


async def test_a_write_whose_answer_was_lost_is_repeated_and_counts_once() -> None:
    """Every try of a write has the same key and body, so that it is recognised."""
    world = World()
    custody = await _custody(world)
    world.database.plan.next("update", lost_answer)

    stored = await custody.finish(Progress(), OrderStatus.CONFIRMED)

    first, second = _updates(world)
    assert "CONFIRMED" == stored.status
    assert first.content == second.content
    assert first.headers["X-Idempotency-Key"] == second.headers["X-Idempotency-Key"]
    assert ["PENDING", "CONFIRMED"] == world.statuses_written()


async def test_every_write_has_its_own_name() -> None:
    """Two writes never share a writeId, even where one follows the failure of the other."""
    world = World()
    custody = await _custody(world)
    await custody.keep(Progress())
    await custody.keep(Progress())
    await custody.give_up(Progress(), after_s=1)

    keys = [request.headers["X-Idempotency-Key"] for request in _updates(world)]

    assert 3 == len(set(keys))
    assert all(key.startswith(custody.order_id) for key in keys)


async def test_giving_up_and_keeping_at_one_version_are_two_writes() -> None:
    """A replica that shuts down in mid-write must not have the one taken for the other."""
    world = World()
    custody = await _custody(world)
    world.database.plan.next("update", answers(404, code="unknown_order"))
    with pytest.raises(Rejected):
        await custody.keep(Progress())
    await custody.give_up(Progress(), after_s=0)

    kept, given_up = _updates(world)

    assert kept.headers["X-Idempotency-Key"] != given_up.headers["X-Idempotency-Key"]


async def test_each_write_follows_the_version_of_the_last() -> None:
    """After a renewal the next write is conditional on the version that the renewal made."""
    world = World()
    custody = await _custody(world)

    await custody.keep(Progress())
    await custody.keep(Progress())
    stored = await custody.finish(Progress(), OrderStatus.CONFIRMED)

    assert 4 == stored.version


@pytest.mark.parametrize("code", ["version_conflict", "illegal_transition"])
async def test_a_lost_conditional_write_ends_the_custody(code: str) -> None:
    """Whoever sees that somebody else has written stops, after one try."""
    world = World()
    custody = await _custody(world)
    world.database.plan.always("update", answers(409, code=code))

    with pytest.raises(CustodyLostError, match="another worker has written"):
        await custody.keep(Progress())

    assert 1 == len(_updates(world))


async def test_a_write_against_a_newer_version_is_lost() -> None:
    """The condition is the version, whoever owns the order now."""
    world = World()
    custody = await _custody(world)
    _row(world, custody)["version"] = 2

    with pytest.raises(CustodyLostError):
        await custody.finish(Progress(), OrderStatus.CONFIRMED)

    assert "PENDING" == _row(world, custody)["status"]


async def test_a_write_is_tried_until_the_fence_and_not_beyond() -> None:
    """It is not the number of tries that ends a write, but the lease; then nothing is sent."""
    world = World()
    custody = await _custody(world, lease_s=60)
    world.database.plan.always("update", crash)

    with pytest.raises(CustodyLostError, match="lease ended"):
        await custody.keep(Progress())

    assert len(_updates(world)) > 20
    assert custody.fence - 5 < now_s() <= custody.fence


async def test_a_silent_database_service_is_cut_off_at_the_fence() -> None:
    """The last try does not outlast the lease."""
    world = World()
    custody = await _custody(world, lease_s=42)
    world.database.plan.always("update", silent)

    with pytest.raises(CustodyLostError):
        await custody.finish(Progress(), OrderStatus.CONFIRMED)

    assert now_s() <= custody.fence


async def test_a_database_service_that_comes_back_in_time_gets_the_write() -> None:
    """Forty seconds of trouble within a lease of sixty cost time only."""
    world = World()
    custody = await _custody(world, lease_s=60)
    world.database.plan.next("update", *[silent] * 7)

    stored = await custody.finish(Progress(), OrderStatus.CONFIRMED)

    assert "CONFIRMED" == stored.status
    assert ["PENDING", "CONFIRMED"] == world.statuses_written()


async def test_nothing_is_written_after_the_fence() -> None:
    """A worker that slept through its lease does not even ask."""
    world = World()
    stored = (await (await hire(world)).run()).id
    expired = Custody(
        world.services().database,
        await _stored(world, stored),
        Lease("r/x", now_s(), 60),
        headers={},
        clock=now_s,
    )
    before = len(world.database.requests)

    with pytest.raises(CustodyLostError):
        await expired.keep(Progress())

    assert before == len(world.database.requests)


async def _stored(world: World, order_id: str) -> StoredOrder:
    stored = await world.services().database.get(order_id, CallLimits(now_s() + 5))
    assert stored is not None
    return stored


async def test_an_open_circuit_does_not_stop_a_write() -> None:
    """What an order has come to must be written, however often others have failed to."""
    world = World()
    custody = await _custody(world, breaker_failures=1)
    world.database.plan.next("update", crash, crash, crash)

    stored = await custody.finish(Progress(), OrderStatus.CONFIRMED)

    assert "CONFIRMED" == stored.status


async def test_keeping_renews_and_giving_up_releases() -> None:
    """A kept order is leased anew to its owner; one that is given up may be claimed later."""
    world = World()
    custody = await _custody(world, lease_s=60)

    kept = await custody.keep(Progress())
    released = await custody.give_up(Progress(), after_s=7.5, attention="stuck")

    assert kept.owner is not None
    assert released.owner is None
    assert now_s() + 7.5 == world.database.rows[custody.order_id].lease_until_s
    assert {"reason": "stuck", "since": "2026-01-02T03:04:05.678Z"} == released.attention


async def test_an_order_that_is_set_aside_is_left_as_it_is() -> None:
    """What cannot be read is not written over: only the flag and the pause are new."""
    world = World()
    worker = await hire(world)
    custody = worker.errand.custody
    row = world.database.rows[custody.order_id]
    row.record["progress"] = {"written": "by a newer release"}
    before = await _stored(world, custody.order_id)

    after = await custody.set_aside(before, "cannot be resumed: KeyError")

    assert before.progress == after.progress
    assert (before.status, None) == (after.status, after.owner)
    assert after.attention is not None
    assert "cannot be resumed: KeyError" == after.attention["reason"]
    assert 0 < row.lease_until_s - now_s() <= 15


async def test_writes_carry_the_trace_of_the_order() -> None:
    """The log of the database service can be tied to the order's."""
    world = World()
    custody = await _custody(world)

    await custody.keep(Progress().noted(happened("x")).but(compensated=True))

    assert TRACE.request_id == _updates(world)[0].headers["X-Request-Id"]
    assert TRACE.traceparent == _updates(world)[0].headers["traceparent"]
