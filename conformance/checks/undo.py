"""Undo works on anything, in every state."""

from http import HTTPStatus

from conformance.check import Group
from conformance.contract import SHIPPING, UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import State
from conformance.violation import NotChecked
from conformance.wire import at_once

GROUP: Group[UpstreamProbe] = Group("undo", "undo in every state", UPSTREAMS)

AT_ONCE = 20
"""Undos at the same time, each under a key of its own."""

_RULE = "3, rule 3"
_STUCK = "An undo that is refused is repeated for ever: the order never ends, and {loss}."


@GROUP.check(
    section=_RULE, matters=_STUCK, fix="Let {undo} give back what is held, in one transaction."
)
async def created(probe: UpstreamProbe) -> None:
    """{undo} of what is {created} gives it back."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters=_STUCK,
    fix="Let {undo} take back what is {finished}, too: the units go back on the shelf, the money to"
    " the customer.",
    services=WITH_FINISH,
)
async def finished(probe: UpstreamProbe) -> None:
    """{undo} of what is {finished} gives it back."""
    resource = await probe.new()
    await probe.finished(resource)
    await probe.undone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="Given back twice is stock that is not there, or money that was never paid.",
    fix="Answer 200 to an undo of what is undone, and move nothing.",
)
async def undone(probe: UpstreamProbe) -> None:
    """{undo} of what is undone, under another key, answers 200 and gives nothing back."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)
    await probe.undone(resource, key=resource.key("another-undo"))
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="Given back twice is stock that is not there, or money that was never paid.",
    fix="Change the state under the row's lock, or by an update that is conditional on it.",
)
async def at_once_under_many_keys(probe: UpstreamProbe) -> None:
    """Twenty {undo}s at once, each under a key of its own: all 200, given back once."""
    resource = await probe.new()
    if probe.contract.finish:
        await probe.finished(resource)
    else:
        await probe.created(resource)
    keys = [resource.key(f"undo-{n}") for n in range(AT_ONCE)]
    await at_once(probe.undone(resource, key=key) for key in keys)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="A create refused on its second try may have been carried out on its first:"
    " the caller undoes it, and a late first try must meet the mark, or {loss}.",
    fix="Treat an id whose {create} was refused like one never heard of: leave the tombstone.",
)
async def refused(probe: UpstreamProbe) -> None:
    """{undo} of an id whose {create} was refused: 200, and its late {create} is answered 410."""
    resource = await probe.refused()
    await probe.expect_refused(resource)
    await probe.undone(resource)
    await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section="3, the table of calls",
    matters="The late {finish} that succeeds after the {undo} sells or charges for an order that"
    " has failed.",
    fix="Refuse with 409 to {finish} what was undone.",
    services=WITH_FINISH,
)
async def then_finish(probe: UpstreamProbe) -> None:
    """The first {finish} that comes after the {undo} is refused with 409."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)
    (await probe.finish(resource)).expect_refusal(409)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section="3, the table of calls",
    matters="The {finish} repeated after the {undo} must not take effect a second time.",
    fix="Refuse with 409; a repeat under the old key may be given its stored answer, no more.",
    services=WITH_FINISH,
)
async def then_finish_again(probe: UpstreamProbe) -> None:
    """{finish} repeated after {finish} and {undo}: no effect; under a new key 409."""
    resource = await probe.new()
    await probe.finished(resource)
    await probe.undone(resource)
    repeated = await probe.finish(resource)
    if repeated.status != HTTPStatus.OK:
        repeated.expect_refusal(409)
    (await probe.finish(resource, key=resource.key("another"))).expect_refusal(409)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section="3, the table of calls",
    matters="A cancellation that is answered 200 gives the money back while the parcel is on its"
    " way.",
    fix="Refuse with 409 to cancel what has left the warehouse, and keep its state.",
    services=frozenset({SHIPPING}),
)
async def dispatched(probe: UpstreamProbe) -> None:
    """{undo} of what has left the warehouse is refused with 409."""
    if probe.needs.dispatch_path is None:
        raise NotChecked("give --dispatch-path, such as /shipments/{id}/dispatch")
    resource = await probe.new()
    await probe.created(resource)
    path = probe.needs.dispatch_path.replace("{id}", resource.id)
    sent = await probe.wire.send("POST", path, key=resource.key("dispatch"), body={})
    if not sent.status < HTTPStatus.MULTIPLE_CHOICES:
        raise sent.violates("2xx: the parcel leaves the warehouse")
    before = await probe.read(resource)
    (await probe.undo(resource)).expect_refusal(409)
    (await probe.read(resource)).expect_repeat_of(before)
