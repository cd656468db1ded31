"""Every write is conditional: on the version, on the owner, on the way orders go."""

import uuid

from conformance.check import Group
from conformance.contract import DATABASE
from conformance.database.probe import DatabaseProbe
from conformance.wire import at_once

GROUP: Group[DatabaseProbe] = Group("update", "conditional writes", frozenset({DATABASE}))

AT_ONCE = 20
"""Writers of one version at the same time."""

_SECTION = "3, below the table; 4, lease and fence"
_TWO = "Two workers both believe that the order is theirs: one captures what the other refunds."
_CAS = "Write by one UPDATE … WHERE version = … AND owner = …, and answer 409 when no row matched."


@GROUP.check(
    section=_SECTION,
    matters="What was decided is not kept.",
    fix="Keep status and progress, and raise the version by one.",
)
async def writes(probe: DatabaseProbe) -> None:
    """A write with the right version and owner: 200, kept, version + 1."""
    order = await probe.created()
    progress = {"steps": ["reserve", "authorize"]}
    answer = await probe.update(order, status="COMPENSATING", progress=progress)
    for seen in (answer, await probe.read(order)):
        seen.expect(200, id=order.id, version=2, status="COMPENSATING", progress=progress)


@GROUP.check(section=_SECTION, matters=_TWO, fix=_CAS)
async def stale_version(probe: DatabaseProbe) -> None:
    """A write on an old version: 409 `version_conflict` with the record; nothing changes."""
    order = await probe.created()
    (await probe.update(order, progress={"by": "the first"})).expect(200, version=2)
    late = await probe.update(order, progress={"by": "the second"})
    late.expect_refusal(409, codes=("version_conflict",))
    record = late.body.get("record")
    if not isinstance(record, dict) or record.get("version") != 2:  # noqa: PLR2004 - the first write
        raise late.violates("409 with record, as it stands (version 2)")
    (await probe.read(order)).expect(200, version=2, progress={"by": "the first"})


@GROUP.check(section=_SECTION, matters=_TWO, fix=_CAS)
async def other_owner(probe: DatabaseProbe) -> None:
    """A write by one who does not own the order: 409, and nothing changes."""
    order = await probe.created()
    (await probe.update(order, owner="somebody-else")).expect_refusal(409)
    (await probe.read(order)).expect(200, version=1, owner=order.owner)


@GROUP.check(
    section="4; a lost acknowledgement",
    matters="A worker whose write was kept but not acknowledged takes itself for the loser, and"
    " leaves the order until its lease runs out.",
    fix="Keep the last writeId; answer its repeat with the record, 200.",
)
async def repeat(probe: DatabaseProbe) -> None:
    """The same write (writeId) again: 200 with the same version; it is no second write."""
    order = await probe.created()
    write_id = uuid.uuid4().hex
    for _ in range(3):
        (await probe.update(order, writeId=write_id)).expect(200, id=order.id, version=2)
    (await probe.read(order)).expect(200, version=2)


@GROUP.check(section=_SECTION, matters=_TWO, fix=_CAS)
async def race(probe: DatabaseProbe) -> None:
    """Twenty writes at once on one version: exactly one is kept."""
    order = await probe.created()
    answers = await at_once(
        probe.update(order, progress={"by": number}) for number in range(AT_ONCE)
    )
    won = [answer for answer in answers if answer.status == 200]  # noqa: PLR2004 - kept
    for answer in answers:
        if answer not in won:
            answer.expect_refusal(409)
    if len(won) != 1:
        raise answers[0].violates(f"exactly one 200 among {AT_ONCE} answers, not {len(won)}")
    (await probe.read(order)).expect(200, version=2, progress=won[0].body["progress"])


@GROUP.check(
    section="4: COMPENSATING never turns back into PENDING",
    matters="One worker undoes while another goes forward: an order is confirmed without goods.",
    fix="Let the UPDATE's condition say which status may follow which.",
)
async def never_back(probe: DatabaseProbe) -> None:
    """COMPENSATING becomes neither PENDING nor CONFIRMED: 409."""
    order = await probe.created()
    (await probe.update(order, status="COMPENSATING")).expect(200)
    for status in ("PENDING", "CONFIRMED"):
        (await probe.update(order, version=2, status=status)).expect_refusal(409)
    (await probe.read(order)).expect(200, version=2, status="COMPENSATING")


@GROUP.check(
    section="2: the last three are final",
    matters="What the customer was told stops being true.",
    fix="Refuse every write to an order that is final.",
)
async def final(probe: DatabaseProbe) -> None:
    """A final order is never written again: 409."""
    for end, other in (("CONFIRMED", "FAILED"), ("FAILED", "CONFIRMED")):
        order = await probe.created()
        (await probe.update(order, status=end)).expect(200, status=end)
        for status in (other, "COMPENSATING"):
            (await probe.update(order, version=2, status=status)).expect_refusal(409)
        (await probe.read(order)).expect(200, version=2, status=end)


@GROUP.check(
    section=_SECTION,
    matters="A write to an order that was abandoned would look as if it had been kept.",
    fix="Answer 404.",
)
async def unknown(probe: DatabaseProbe) -> None:
    """A write to an order that does not exist: 404."""
    (await probe.update(probe.new())).expect_refusal(404)
