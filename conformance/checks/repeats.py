"""Rule 2: repeating a request repeats its answer and has no second effect."""

import json

from conformance.check import Group, Severity
from conformance.contract import INVENTORY, UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import State
from conformance.wire import at_once

GROUP: Group[UpstreamProbe] = Group("repeats", "the same request again", UPSTREAMS)

AT_ONCE = 20
"""Repeats at the same time: more than all retries, replicas and recoveries ever make of one."""

_RULE = "3, rule 2"
_LOST_ANSWER = "A caller whose answer was lost asks again. "
_STORE = (
    "Store the answer under its X-Idempotency-Key in the transaction that has the effect, and give"
    " a repeat the stored one."
)
_CLAIM = (
    "Claim the key by an insert into a unique column, in the transaction that has the effect: of"
    " two at once the second waits for the first, and repeats its answer. Looking first and"
    " inserting then lets both through; answering 409 to the second makes a success look final"
    " as a failure."
)


@GROUP.check(
    section=_RULE,
    matters=_LOST_ANSWER + "If that is done a second time, the order holds twice what it pays for;"
    " if it is refused, the caller believes that nothing happened and undoes a good order.",
    fix=_STORE,
)
async def create(probe: UpstreamProbe) -> None:
    """{create} again with the same key and body: the same answer, nothing held twice."""
    resource = await probe.new()
    first = await probe.created(resource)
    for _ in range(3):
        (await probe.create(resource)).expect_repeat_of(first)
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_RULE,
    matters="A retry overtakes its forerunner, which was only slow: both are under way at once. "
    "Without one winner both take effect, or one is refused though the other succeeded.",
    fix=_CLAIM,
)
async def create_at_once(probe: UpstreamProbe) -> None:
    """{create} twenty times at once with one key: twenty equal answers, one effect."""
    resource = await probe.new()
    answers = await at_once(probe.create(resource) for _ in range(AT_ONCE))
    for answer in answers:
        answer.expect(201, id=resource.id).expect_repeat_of(answers[0])
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_RULE,
    matters="A replica that takes an order over repeats every step from the first. If {create} is"
    " then refused or takes effect anew, an order that has been paid for is torn down or doubled.",
    fix=_STORE,
    services=WITH_FINISH,
)
async def create_after_finish(probe: UpstreamProbe) -> None:
    """{create} again after {finish}: 201 (as it was, or as it stands), nothing held again."""
    resource = await probe.new()
    await probe.finished(resource)
    words = (probe.contract.created, probe.contract.finished)
    (await probe.create(resource)).expect(201, id=resource.id, status=words)
    await probe.expect_state(resource, State.FINISHED)


@GROUP.check(
    section=_RULE,
    matters=_LOST_ANSWER + "A second effect of {finish} sells or charges twice; one that is"
    " refused turns a success into an order that is taken back.",
    fix=_STORE,
    services=WITH_FINISH,
)
async def finish(probe: UpstreamProbe) -> None:
    """{finish} again: the same answer, no second effect."""
    resource = await probe.new()
    first = await probe.finished(resource)
    for _ in range(3):
        (await probe.finish(resource)).expect_repeat_of(first)
    await probe.expect_state(resource, State.FINISHED)


@GROUP.check(
    section=_RULE,
    matters="Two tries of one {finish} under way at once must not sell or charge twice.",
    fix=_CLAIM,
    services=WITH_FINISH,
)
async def finish_at_once(probe: UpstreamProbe) -> None:
    """{finish} twenty times at once with one key: twenty equal answers, one effect."""
    resource = await probe.new()
    await probe.created(resource)
    answers = await at_once(probe.finish(resource) for _ in range(AT_ONCE))
    for answer in answers:
        answer.expect(200, id=resource.id).expect_repeat_of(answers[0])
    await probe.expect_state(resource, State.FINISHED)


@GROUP.check(
    section=_RULE,
    matters="An undo is repeated until it is answered. If it counts twice, stock or money appears"
    " that nobody gave; if the repeat is refused, the order never ends.",
    fix="Answer {undo} of what has been undone like the first time, and move nothing.",
)
async def undo(probe: UpstreamProbe) -> None:
    """{undo} again: the same answer, nothing given back twice."""
    resource = await probe.new()
    await probe.created(resource)
    first = await probe.undone(resource)
    for _ in range(3):
        (await probe.undo(resource)).expect_repeat_of(first)
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="Two tries of one undo under way at once must not give back twice.",
    fix=_CLAIM,
)
async def undo_at_once(probe: UpstreamProbe) -> None:
    """{undo} twenty times at once with one key: twenty equal answers, given back once."""
    resource = await probe.new()
    await probe.created(resource)
    answers = await at_once(probe.undo(resource) for _ in range(AT_ONCE))
    for answer in answers:
        answer.expect(200, id=resource.id).expect_repeat_of(answers[0])
    await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="The caller was told no and has told its customer. An answer that changes its mind"
    " leaves something held that nobody will undo.",
    fix="Store refusals under their key like any answer.",
)
async def refusal(probe: UpstreamProbe) -> None:
    """The refused {create} again: the same refusal."""
    resource = await probe.refused()
    first = await probe.expect_refused(resource)
    (await probe.create(resource)).expect_repeat_of(first)


@GROUP.check(
    section=_RULE,
    matters="A 409 is final: the caller never undoes it. If the same request, delivered late and"
    " twice, succeeds once there is stock, its units are held for an order that has failed.",
    fix="Store the refusal under its key: the same key is refused for good, a new order has a new"
    " one.",
    services=frozenset({INVENTORY}),
)
async def refusal_stays(probe: UpstreamProbe) -> None:
    """A reserve refused for lack of stock is refused under its key also when stock is back."""
    shelf = await probe.scarce(1)
    holder, late = probe.reservation(shelf), probe.reservation(shelf)
    await probe.created(holder)
    first = await probe.expect_refused(late)
    await probe.undone(holder)
    (await probe.create(late)).expect_repeat_of(first)
    await shelf.expect()


@GROUP.check(
    section=_RULE,
    matters="After a deploy the caller may write the same JSON in another order. If that counts as"
    " another request, a repeat is refused and an order that went well is taken back.",
    fix="Compare requests as JSON values (or as what you parsed), not as bytes.",
    severity=Severity.SHOULD,
)
async def reordered_body(probe: UpstreamProbe) -> None:
    """The same JSON with its members in another order and other blanks is the same request."""
    resource = await probe.new()
    first = await probe.created(resource)
    text = json.dumps(dict(reversed(resource.body.items())), indent=2)
    again = await probe.wire.send(
        "POST",
        probe.contract.create_path,
        key=resource.key(probe.contract.create),
        body=text,
    )
    again.expect_repeat_of(first)
