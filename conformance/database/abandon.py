"""Abandon: a create whose fate is unknown is taken back, for good."""

from conformance.check import Group
from conformance.contract import DATABASE
from conformance.database.probe import DatabaseProbe
from conformance.wire import at_once

GROUP: Group[DatabaseProbe] = Group("abandon", "creates that are taken back", frozenset({DATABASE}))

ROUNDS = 10
"""Of the race: what loses one time in three is found with a probability of 98 %."""

_SECTION = "4, when the database service does not answer; 5, rule 6"
_GHOST = "The client was told that there is no order; the late create makes one, which is charged."
_BURY = "Let abandon insert the id as a dead row, or turn the row dead under its own condition."


@GROUP.check(section=_SECTION, matters=_GHOST, fix=_BURY)
async def unknown(probe: DatabaseProbe) -> None:
    """An order never heard of is abandoned: 200, and its create is refused for good, 410."""
    order = probe.new()
    (await probe.abandon(order)).expect(200)
    for _ in range(2):
        (await probe.create(order)).expect_refusal(410, codes=("abandoned",))
    (await probe.read(order)).expect_refusal(404)


@GROUP.check(section=_SECTION, matters=_GHOST, fix=_BURY)
async def created(probe: DatabaseProbe) -> None:
    """An order just created is abandoned: 200, gone, and its repeated create is refused, 410."""
    order = await probe.created()
    for _ in range(2):
        (await probe.abandon(order)).expect(200)
    (await probe.read(order)).expect_refusal(404)
    (await probe.create(order)).expect_refusal(410, codes=("abandoned",))


@GROUP.check(
    section=_SECTION,
    matters="The customer cannot try again: the key stands for an order that does not exist.",
    fix="Delete the key in the transaction that abandons its order.",
)
async def key_is_free(probe: DatabaseProbe) -> None:
    """The key of an abandoned order can be bound anew."""
    order = await probe.created()
    (await probe.abandon(order)).expect(200)
    second = probe.new(caller=order.body["caller"], key=order.body["key"])
    (await probe.create(second)).expect(201, id=second.id)


@GROUP.check(
    section=_SECTION,
    matters="An order that somebody works on disappears under his hands, with what it holds.",
    fix="Abandon only what is PENDING in its first version and owned by the one who asks.",
)
async def moved_on(probe: DatabaseProbe) -> None:
    """An order that has been written since, or is another's, is not abandoned: 409."""
    written, foreign = await probe.created(), await probe.created()
    (await probe.update(written)).expect(200)
    (await probe.abandon(written)).expect_refusal(409)
    (await probe.abandon(foreign, "somebody-else")).expect_refusal(409)
    (await probe.read(written)).expect(200, version=2)
    (await probe.read(foreign)).expect(200, version=1)


@GROUP.check(section=_SECTION, matters=_GHOST, fix=_BURY)
async def races_create(probe: DatabaseProbe) -> None:
    """A create that races its abandoning: at the end there is no such order."""
    for _ in range(ROUNDS):
        order = probe.new()
        first, abandoned, second = await at_once(
            [probe.create(order), probe.abandon(order), probe.create(order)]
        )
        abandoned.expect(200)
        for answer in (first, second):
            if answer.status != 201:  # noqa: PLR2004 - it came first
                answer.expect_refusal(410, codes=("abandoned",))
        (await probe.read(order)).expect_refusal(404)
