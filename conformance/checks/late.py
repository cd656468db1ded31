"""Races: what is created or finished while it is being undone."""

from conformance.check import Group
from conformance.contract import UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import State
from conformance.wire import at_once

GROUP: Group[UpstreamProbe] = Group("late", "requests that race their undo", UPSTREAMS)

ROUNDS = 10
"""Of each race: what loses one time in three is found with a probability of 98 %."""


@GROUP.check(
    section="3, rule 3; 4, tombstones and versions",
    matters="A worker that woke up creates while its successor undoes. If the create looks for the"
    " mark before the undo has left it, and inserts after, {loss}.",
    fix="Let {create} and {undo} both begin with an insert of the id (ON CONFLICT DO NOTHING), so"
    " that the one waits for the other; or lock the row that both go by.",
)
async def create_races_undo(probe: UpstreamProbe) -> None:
    """The {create} (and its repeat) that races its {undo}: at the end nothing is live."""
    resource = await probe.new()
    for _ in range(ROUNDS):
        first, undo, second = await at_once(
            [probe.create(resource), probe.undo(resource), probe.create(resource)]
        )
        undo.expect(200, id=resource.id)
        for answer in (first, second):
            if answer.status != 201:  # noqa: PLR2004 - it came first; else it met the mark
                answer.expect_refusal(410, codes=("cancelled",))
        await probe.expect_state(resource, State.GONE)
        resource = probe.like(resource)


@GROUP.check(
    section="3, rule 3; 4, tombstones and versions",
    matters="Of {finish} and {undo} at the same time the undo has to have the last word, or"
    " {loss}.",
    fix="Change the state under the row's lock, or by an update that is conditional on it.",
    services=WITH_FINISH,
)
async def finish_races_undo(probe: UpstreamProbe) -> None:
    """The {finish} that races its {undo}: 200 or 409, and at the end it is undone."""
    resource = await probe.new()
    for _ in range(ROUNDS):
        await probe.created(resource)
        first, undo, second = await at_once(
            [probe.finish(resource), probe.undo(resource), probe.finish(resource)]
        )
        undo.expect(200, id=resource.id)
        for answer in (first, second):
            if answer.status != 200:  # noqa: PLR2004 - it came first; else it met the undo
                answer.expect_refusal(409)
        await probe.expect_state(resource, State.GONE)
        resource = probe.like(resource)
