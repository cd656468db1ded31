"""A reservation that is neither committed nor released runs out."""

import asyncio
import time
from collections.abc import AsyncIterator

from conformance.check import Group
from conformance.contract import INVENTORY
from conformance.probe import UpstreamProbe
from conformance.resource import State
from conformance.shelf import POLL_S

GROUP: Group[UpstreamProbe] = Group("expiry", "reservations that run out", frozenset({INVENTORY}))
"""Each check is in two halves: between them the reservations' time runs out."""

_RULE = "3, below the table"


@GROUP.check(
    section="3, the table of calls",
    matters="What has run out may have been sold to another meanwhile: one unit, two customers.",
    fix="Refuse with 409 to commit what has run out, by the clock and not by whether it was swept.",
)
async def commit_refused(probe: UpstreamProbe) -> AsyncIterator[None]:
    """{finish} of a reservation that has run out is refused with 409."""
    resource = await probe.new()
    await probe.created(resource)
    yield
    (await probe.finish(resource)).expect_refusal(409)
    answer = await probe.read(resource)
    if answer.body.get("status") in probe.contract.live:
        raise answer.violates('status "expired", or 404')


@GROUP.check(
    section=_RULE,
    matters="Units of orders that died on the way are never sold again.",
    fix="Count reservations that have run out as free when stock is short; or sweep them often.",
)
async def units_return(probe: UpstreamProbe) -> AsyncIterator[None]:
    """The units of a reservation that has run out can be reserved again."""
    shelf = await probe.shelf()
    everything = shelf.start.available
    await probe.created(probe.reservation(shelf, qty=everything))
    yield
    give_up_at = time.monotonic() + probe.needs.expiry_slack_s
    while True:
        answer = await probe.create(probe.reservation(shelf, qty=everything))
        if answer.status == 201:  # noqa: PLR2004 - they are for sale
            return
        answer.expect_refusal(409, codes=("out_of_stock",))
        if time.monotonic() > give_up_at:
            raise answer.violates(f"201 within {probe.needs.expiry_slack_s:g} s of the expiry")
        await asyncio.sleep(POLL_S)


@GROUP.check(
    section="3, rule 3",
    matters="An undo that is refused because the reservation has run out is repeated for ever; one"
    " that gives its units back a second time makes stock that is not there.",
    fix="Answer 200 and leave the tombstone; give nothing back that went back by itself.",
)
async def release_works(probe: UpstreamProbe) -> AsyncIterator[None]:
    """{undo} of a reservation that has run out: 200; a late {create}: 410; units back once."""
    resource = await probe.new()
    await probe.created(resource)
    yield
    await probe.undone(resource)
    await probe.expect_tombstone(resource)
    if resource.shelf is not None:
        await resource.shelf.expect_within(probe.needs.expiry_slack_s)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section="3, rule 2",
    matters="A reserve that was delivered twice, the second time late, would hold units for an"
    " order that is over.",
    fix="Answer the repeat from the stored answer (or refuse it): never reserve anew.",
)
async def repeat_holds_nothing(probe: UpstreamProbe) -> AsyncIterator[None]:
    """A reserve repeated after its reservation has run out holds nothing again."""
    resource = await probe.new()
    await probe.created(resource)
    yield
    repeated = await probe.create(resource)
    if repeated.status != 201:  # noqa: PLR2004 - the stored answer; the other way is to refuse
        repeated.expect_refusal()
    if resource.shelf is not None:
        await resource.shelf.expect_within(probe.needs.expiry_slack_s)


@GROUP.check(
    section=_RULE,
    matters="Units that are sold and paid for go back on sale: they are sold a second time.",
    fix="Let only what is reserved run out, never what is committed.",
)
async def committed_stays(probe: UpstreamProbe) -> AsyncIterator[None]:
    """What was committed in time does not run out."""
    resource = await probe.new()
    await probe.finished(resource)
    yield
    await probe.expect_state(resource, State.FINISHED)
