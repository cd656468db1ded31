"""What was answered is still true after a restart."""

from collections.abc import AsyncIterator

from conformance.check import Group
from conformance.contract import UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import State

GROUP: Group[UpstreamProbe] = Group("restart", "what survives a restart", UPSTREAMS)
"""Each check is in two halves: between them the service is ended and started again."""

_RULE = "3, rules 2 and 3; 5"
_DURABLE = "Write it to storage that survives, and answer only when it is written (committed)."


@GROUP.check(
    section=_RULE,
    matters="The order says that it has what the service has forgotten.",
    fix=_DURABLE,
)
async def created_stays(probe: UpstreamProbe) -> AsyncIterator[None]:
    """What was {created} is so after a restart."""
    resource = await probe.new()
    await probe.created(resource)
    yield
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_RULE,
    matters="A confirmed order has lost what was paid for.",
    fix=_DURABLE,
    services=WITH_FINISH,
)
async def finished_stays(probe: UpstreamProbe) -> AsyncIterator[None]:
    """What was {finished} is so after a restart."""
    resource = await probe.new()
    await probe.finished(resource)
    yield
    await probe.expect_state(resource, State.FINISHED)


@GROUP.check(
    section=_RULE,
    matters="The {create} that comes after the restart gets through, and {loss}.",
    fix="Keep tombstones where everything else is kept, longer than any retry.",
)
async def tombstone_stays(probe: UpstreamProbe) -> AsyncIterator[None]:
    """The tombstone of an unknown id refuses its {create} after a restart."""
    resource = await probe.new()
    await probe.undone(resource)
    yield
    await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="What was given back comes to life again, and {loss}.",
    fix="Keep what was undone as its own tombstone.",
)
async def undone_stays(probe: UpstreamProbe) -> AsyncIterator[None]:
    """What was undone is undone after a restart, and its repeated {create} is refused."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)
    yield
    await probe.expect_state(resource, State.GONE)
    await probe.expect_tombstone(resource)


@GROUP.check(
    section=_RULE,
    matters="The retry of a request whose answer was lost in the restart takes effect twice, or is"
    " refused though it had succeeded.",
    fix="Store answers in the transaction that has the effect.",
)
async def answers_stay(probe: UpstreamProbe) -> AsyncIterator[None]:
    """The {create} repeated after a restart gets the same answer, and has no second effect."""
    resource = await probe.new()
    first = await probe.created(resource)
    yield
    (await probe.create(resource)).expect_repeat_of(first)
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_RULE,
    matters="After a restart a used key would stand for another request.",
    fix="Store the request's fingerprint with the key, on disk.",
)
async def keys_stay(probe: UpstreamProbe) -> AsyncIterator[None]:
    """A key that was used is refused (422) for another id after a restart."""
    resource = await probe.new()
    await probe.created(resource)
    yield
    other = await probe.new()
    (await probe.create(other, key=resource.key(probe.contract.create))).expect_refusal(422)
    await probe.expect_state(other, State.GONE)
