"""Claims: who takes over an order, and when. The service's clock decides."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from conformance.check import Group
from conformance.contract import DATABASE
from conformance.database.probe import CLAIMS, DatabaseProbe, Order, items_in
from conformance.wire import at_once

GROUP: Group[DatabaseProbe] = Group("leases", "claims and leases", frozenset({DATABASE}))

LEASE_S = 0.5
"""Long enough to be asked for in time, short enough to wait for."""
LONG_LEASE_S = 5.0
"""Where the first look comes after half a second already."""
SLACK_S = 3.0
"""How late a lease that has run out may be given to another, on a busy machine."""
POLL_S = 0.05
"""How often a lease is looked at that has to run out in time."""
GRAIN_S = 0.01
"""What clocks that count in milliseconds may be out."""

_SECTION = "3, below the table; 4, lease and fence"
_TWO = "Two workers act on one order: one captures what the other refunds."
_NEVER = "The orders of a replica that died are never finished; their money and stock stay held."
_CLAIM = (
    "Claim by one UPDATE whose WHERE looks at the lease again (SELECT … FOR UPDATE SKIP LOCKED),"
    " by the database's own clock."
)


@GROUP.check(section=_SECTION, matters=_NEVER, fix=_CLAIM)
async def due_is_given(probe: DatabaseProbe) -> None:
    """An order whose lease has run out is given: new owner, version and rounds + 1."""
    order = await probe.created(leaseS=0)
    answer, record = await _given(probe, order)
    if (record["version"], record.get("rounds"), record["owner"] == order.owner) != (2, 1, False):
        raise answer.violates("version 2, rounds 1 and the owner that claims")
    (await probe.read(order)).expect(200, version=2, owner=record["owner"])


@GROUP.check(section=_SECTION, matters=_TWO, fix=_CLAIM)
async def held_is_not(probe: DatabaseProbe) -> None:
    """An order whose lease runs is given to nobody."""
    order = await probe.created()
    await _expect_not_given(probe, order)
    (await probe.read(order)).expect(200, version=1, owner=order.owner)


@GROUP.check(section=_SECTION, matters=_TWO, fix=_CLAIM)
async def given_once(probe: DatabaseProbe) -> None:
    """Twenty workers at once, for ten orders that are due: each is given to one of them."""
    ours = {(await probe.created(leaseS=0)).id for _ in range(10)}
    given: dict[str, str] = {}
    for _ in range(CLAIMS):
        answers = await at_once(probe.claim(limit=1) for _ in range(20))
        for answer in answers:
            for record in items_in(answer):
                if record["id"] in given:
                    raise answer.violates(f"what {given[record['id']]} was not given already")
                given[record["id"]] = record["owner"]
        if ours <= given.keys():
            return
        if not any(items_in(answer) for answer in answers):
            left = ", ".join(sorted(ours - given.keys()))
            raise answers[0].violates(f"all ten to be given; left: {left}")


@GROUP.check(
    section=_SECTION,
    matters="A worker that slept over its lease writes over what its successor did.",
    fix="Let a claim raise the version and change the owner; let a write go by both.",
)
async def fence(probe: DatabaseProbe) -> None:
    """After a claim the old owner writes no more: 409, with the old and with the new version."""
    order = await probe.created(leaseS=0)
    await _given(probe, order)
    for version in (1, 2):
        late = await probe.update(order, version=version, status="CONFIRMED")
        late.expect_refusal(409, codes=("version_conflict",))
    (await probe.read(order)).expect(200, version=2, status="PENDING")


@GROUP.check(
    section="4; a lost answer",
    matters="Orders whose claim was answered into the void wait for one more lease.",
    fix="Give an owner that holds orders those, before anything new.",
)
async def repeat(probe: DatabaseProbe) -> None:
    """A claim repeated by the same owner gives the same orders, and does not count again."""
    order = await probe.created(leaseS=0)
    _, record = await _given(probe, order)
    answer = await probe.claim(record["owner"])
    again = [(item["id"], item["version"]) for item in items_in(answer)]
    if (order.id, 2) not in again:
        raise answer.violates(f"{order.id} again, with version 2")


@GROUP.check(
    section="3: its clock is the only clock that leases know",
    matters="Given too early, two workers act on one order; given never, nobody does.",
    fix="Reckon the end of a lease when it is given, and look at it, by the database's clock.",
)
async def by_its_clock(probe: DatabaseProbe) -> None:
    """A lease of half a second runs out after half a second, neither before nor never."""

    async def lease(length_s: float) -> Order:
        return await probe.created(leaseS=length_s)

    await _expect_given_after(probe, lease)


@GROUP.check(
    section="4: gives up the lease of any that it cannot finish",
    matters="An order that is given up too long is late; one that is not given up waits for a lease"
    " that nobody uses.",
    fix="Let releaseForS end the ownership and say when the order may be claimed.",
)
async def released(probe: DatabaseProbe) -> None:
    """A released order (releaseForS) is nobody's, and is given after that time."""

    async def release(for_s: float) -> Order:
        order = await probe.created()
        (await probe.update(order, releaseForS=for_s)).expect(200, version=2, owner=None)
        return order

    await _expect_given_after(probe, release)


@GROUP.check(
    section="4: every write renews the lease",
    matters="A worker that is busy and well loses its orders in the middle.",
    fix="Let leaseS of a write be counted from that write.",
)
async def renewed(probe: DatabaseProbe) -> None:
    """A write renews the lease: the order is not given when the first one would have ended."""
    order = await probe.created(leaseS=LEASE_S)
    (await probe.update(order)).expect(200, version=2)
    await asyncio.sleep(LEASE_S)
    await _expect_not_given(probe, order)


@GROUP.check(
    section=_SECTION,
    matters="Finished orders are taken up again, and undone.",
    fix="Let a final order have neither owner nor lease.",
)
async def final_is_nobodys(probe: DatabaseProbe) -> None:
    """A final order belongs to nobody and is given to nobody."""
    order = await probe.created(leaseS=0)
    (await probe.update(order, status="CONFIRMED")).expect(200, owner=None)
    await _expect_not_given(probe, order)


async def _given(probe: DatabaseProbe, order: Order) -> tuple[Any, dict[str, Any]]:
    given = await probe.claim_of(order)
    if given is None:
        answer = await probe.claim()
        raise answer.violates(f"order {order.id}, whose lease has run out")
    return given


async def _expect_not_given(probe: DatabaseProbe, order: Order) -> None:
    given = await probe.claim_of(order)
    if given is not None:
        raise given[0].violates(f"no order {order.id}: it is not due")


async def _expect_given_after(
    probe: DatabaseProbe, leased: Callable[[float], Awaitable[Order]]
) -> None:
    """`leased` makes an order that is not due for so many seconds; it is looked at at once."""
    for lease_s in (LEASE_S, LONG_LEASE_S):
        began = time.monotonic()  # it cannot run out sooner than so long after this
        order = await leased(lease_s)
        looks = 1
        while (given := await probe.claim_of(order)) is None:
            if time.monotonic() > began + lease_s + SLACK_S:
                await _given(probe, order)
                return
            looks += 1
            await asyncio.sleep(POLL_S)
        if time.monotonic() < began + lease_s - GRAIN_S:
            raise given[0].violates(f"order {order.id} only after {lease_s:g} s")
        if looks > 1:
            return
        # The first look came when the lease was over: that says nothing. Once more, more slowly.
