"""Rule 3: an undo of the unknown leaves a mark that refuses what comes late."""

from conformance.check import Group
from conformance.contract import UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import State
from conformance.wire import at_once

GROUP: Group[UpstreamProbe] = Group("tombstones", "creates that come after their undo", UPSTREAMS)

AT_ONCE = 20
"""Late creates at the same time: as many as repeats (conformance.checks.repeats)."""

_RULE = "3, rule 3"
_LATE = (
    "The network may deliver the {create} after its {undo}: then {loss}, and nobody will undo it."
)
_MARK = (
    "When the id is unknown, let {undo} insert the row itself, in state undone; let {create} insert"
    " with the id as primary key and answer 410 when it meets such a row."
)


@GROUP.check(
    section=_RULE,
    matters="A caller that lost the answer to its {create} cannot know whether there is anything to"
    " undo. An undo that is refused is repeated for ever and flagged for a person.",
    fix=_MARK,
)
async def undo_unknown(probe: UpstreamProbe) -> None:
    """{undo} of an id never heard of answers 200, as if it had been there."""
    await probe.undone(await probe.new())


@GROUP.check(section=_RULE, matters=_LATE, fix=_MARK)
async def create_refused(probe: UpstreamProbe) -> None:
    """The {create} that comes after the {undo} of its unknown id: 410 `cancelled`, nothing held."""
    resource = await probe.new()
    await probe.undone(resource)
    await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="The late {create} has retries of its own: if a mark is gone once it was hit, the"
    " second gets through, and {loss}.",
    fix="Never delete a tombstone because it was hit; keep it longer than any retry.",
)
async def refused_every_time(probe: UpstreamProbe) -> None:
    """The late {create} is refused each time it is repeated."""
    resource = await probe.new()
    await probe.undone(resource)
    for _ in range(3):
        await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="The mark belongs to the id. If it hangs on a key, a create under another gets through"
    " and {loss}.",
    fix=_MARK,
)
async def refused_under_a_new_key(probe: UpstreamProbe) -> None:
    """The late {create} is refused under a key never seen before, too."""
    resource = await probe.new()
    await probe.undone(resource)
    await probe.expect_tombstone(resource, key=resource.key("another"))
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="Late creates come in swarms (retries of several replicas). If only one of them gets"
    " through, {loss}.",
    fix="Look for the mark inside the transaction that inserts, never before it.",
)
async def refused_at_once(probe: UpstreamProbe) -> None:
    """The late {create} twenty times at once, half of them under new keys: always refused."""
    resource = await probe.new()
    await probe.undone(resource)
    keys = [None if n % 2 else resource.key(f"another-{n}") for n in range(AT_ONCE)]
    await at_once(probe.expect_tombstone(resource, key=key) for key in keys)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section="3, rules 2 and 3",
    matters="The repeated {create} that is answered 201 from the stored answer tells a caller that"
    " went forward that it holds what has been given back: the order is confirmed without it.",
    fix="Look for the mark before the stored answer.",
)
async def repeat_after_undo(probe: UpstreamProbe) -> None:
    """The {create} repeated after its {undo} is no longer answered as it once was, but with 410."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)
    await probe.expect_tombstone(resource)
    await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(section=_RULE, matters=_LATE, fix="Keep what was undone as its own tombstone.")
async def new_key_after_undo(probe: UpstreamProbe) -> None:
    """The {create} of an id that was undone is refused under a new key, too."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)
    await probe.expect_tombstone(resource, key=resource.key("another"))
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters=_LATE,
    fix="Refuse to {create} what was undone, whatever it had been before.",
    services=WITH_FINISH,
)
async def repeat_after_finish_and_undo(probe: UpstreamProbe) -> None:
    """The {create} repeated after {finish} and {undo}: 410."""
    resource = await probe.new()
    await probe.finished(resource)
    await probe.undone(resource)
    await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="The {finish} may come late as well: what it finishes is an order that has failed.",
    fix="Refuse (409) to {finish} what was undone or never made.",
    services=WITH_FINISH,
)
async def finish_refused(probe: UpstreamProbe) -> None:
    """{finish} of a tombstone is refused."""
    resource = await probe.new()
    await probe.undone(resource)
    (await probe.finish(resource)).expect_refusal()
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="Undo and late create may alternate for as long as there are retries: the mark has to"
    " outlast them, or {loss}.",
    fix="Let an undo of what is undone change nothing.",
)
async def outlasts_undo(probe: UpstreamProbe) -> None:
    """Refused, undone again (under the same and a new key), it is refused still."""
    resource = await probe.new()
    await probe.undone(resource)
    await probe.expect_tombstone(resource)
    await probe.undone(resource)
    await probe.undone(resource, key=resource.key("another-undo"))
    await probe.expect_tombstone(resource)
    await probe.expect_state(resource, State.GONE)
