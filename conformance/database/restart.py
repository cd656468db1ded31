"""What was answered is still true after a restart."""

import uuid
from collections.abc import AsyncIterator

from conformance.check import Group
from conformance.contract import DATABASE
from conformance.database.probe import DatabaseProbe

GROUP: Group[DatabaseProbe] = Group("restart", "what survives a restart", frozenset({DATABASE}))
"""Each check is in two halves: between them the service is ended and started again."""

_SECTION = "1: all state is in the database service"
_DURABLE = "Answer only when the transaction is on disk (committed)."


@GROUP.check(
    section=_SECTION,
    matters="An order is lost: what was reserved, charged or sent for it is nobody's.",
    fix=_DURABLE,
)
async def orders_stay(probe: DatabaseProbe) -> AsyncIterator[None]:
    """Orders, their versions and owners are as they were."""
    order = await probe.created()
    (await probe.update(order)).expect(200, version=2)
    before = await probe.read(order)
    yield
    wanted = ("id", "status", "version", "owner", "order", "progress", "createdAt", "updatedAt")
    members = {name: before.body.get(name) for name in wanted}
    (await probe.read(order)).expect(200, **members)


@GROUP.check(
    section=_SECTION,
    matters="One click of the customer, repeated after the restart, becomes a second order.",
    fix=_DURABLE,
)
async def keys_stay(probe: DatabaseProbe) -> AsyncIterator[None]:
    """A bound key is still bound."""
    order = await probe.created()
    yield
    second = probe.new(caller=order.body["caller"], key=order.body["key"])
    (await probe.create(second)).expect(200, id=order.id)


@GROUP.check(
    section=_SECTION,
    matters="A late create makes an order of which the client was told that it does not exist.",
    fix="Keep the ids of abandoned orders where the orders are.",
)
async def abandoned_stays(probe: DatabaseProbe) -> AsyncIterator[None]:
    """What was abandoned is refused still."""
    unknown, known = probe.new(), await probe.created()
    for order in (unknown, known):
        (await probe.abandon(order)).expect(200)
    yield
    for order in (unknown, known):
        (await probe.create(order)).expect_refusal(410, codes=("abandoned",))


@GROUP.check(
    section=_SECTION,
    matters="A worker whose write was kept, but not acknowledged, takes itself for the loser.",
    fix="Keep the last writeId with the order.",
)
async def writes_stay(probe: DatabaseProbe) -> AsyncIterator[None]:
    """A write repeated after the restart is known: 200, the same version."""
    order = await probe.created()
    write_id = uuid.uuid4().hex
    (await probe.update(order, writeId=write_id)).expect(200, version=2)
    yield
    (await probe.update(order, writeId=write_id)).expect(200, id=order.id, version=2)
