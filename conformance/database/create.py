"""Creating an order and binding its key is one atomic step."""

from conformance.check import Group
from conformance.contract import DATABASE
from conformance.database.probe import DatabaseProbe, items_in
from conformance.wire import at_once

GROUP: Group[DatabaseProbe] = Group("create", "orders and their keys", frozenset({DATABASE}))

AT_ONCE = 20
"""Requests with one key at the same time, each at another replica."""

_SECTION = "3, below the table; 5, rule 3"
_TWICE = "One click of the customer becomes two orders, both of them charged."
_CLAIM = "Bind the key by an insert into a unique (caller, key), in the transaction of the order."


@GROUP.check(
    section=_SECTION,
    matters="The order service cannot tell what it owns, and takes no orders.",
    fix="Answer 201 with the record: what was sent, status PENDING, version 1.",
)
async def answers(probe: DatabaseProbe) -> None:
    """A new order: 201 with its record, PENDING, version 1, owned by its creator."""
    order = probe.new()
    sent = {name: order.body[name] for name in ("id", "caller", "fingerprint", "userId", "owner")}
    answer = await probe.create(order)
    answer.expect(201, **sent, status="PENDING", version=1)
    (await probe.read(order)).expect(200, **sent, status="PENDING", version=1)


@GROUP.check(
    section=_SECTION,
    matters="Amounts and names come back changed: what is charged is not what was ordered.",
    fix="Keep order and progress as they came; they are not yours to understand.",
)
async def as_sent(probe: DatabaseProbe) -> None:
    """Order and progress come back exactly as they were sent, whatever is in them."""
    order = {
        "name": "Zoë 🛒",
        "deep": [{"a": [None, True, 1, "1.10"]}],
        "big": 2**60 + 1,
        "blank": "",
    }
    progress = {"steps": [], "note": 'a "quoted" \\ line\n'}
    created = await probe.created(order=order, progress=progress)
    (await probe.read(created)).expect(200, order=order, progress=progress)


@GROUP.check(
    section=_SECTION,
    matters="An order whose creation was not acknowledged would be created twice, or given up.",
    fix="Answer a create of an id that exists with the record, 201, and change nothing.",
)
async def repeat(probe: DatabaseProbe) -> None:
    """The same create again: 201 with the same record, still version 1."""
    order = await probe.created()
    before = await probe.read(order)
    (await probe.create(order)).expect(201, id=order.id, version=1)
    (await probe.read(order)).expect(
        200, id=order.id, version=1, updatedAt=before.body["updatedAt"]
    )


@GROUP.check(section=_SECTION, matters=_TWICE, fix=_CLAIM)
async def known_key(probe: DatabaseProbe) -> None:
    """Another id under a known key: 200 with the order that was there; the other does not exist."""
    first = await probe.created()
    second = probe.new(caller=first.body["caller"], key=first.body["key"])
    (await probe.create(second)).expect(200, id=first.id)
    (await probe.read(second)).expect_refusal(404)


@GROUP.check(section=_SECTION, matters=_TWICE, fix=_CLAIM)
async def key_race(probe: DatabaseProbe) -> None:
    """Twenty orders at once under one key: one is created, and all answers name it."""
    first = probe.new()
    shared = {name: first.body[name] for name in ("caller", "key", "userId")}
    rivals = [first, *(probe.new(**shared) for _ in range(AT_ONCE - 1))]
    answers = await at_once(probe.create(order) for order in rivals)
    won = [answer for answer in answers if answer.status == 201]  # noqa: PLR2004 - created
    if len(won) != 1:
        raise answers[0].violates(f"exactly one 201 among {AT_ONCE} answers, not {len(won)}")
    for answer in answers:
        answer.expect(200, 201, id=won[0].body["id"])
    listed = await probe.wire.get(f"/orders?userId={first.body['userId']}")
    if [record["id"] for record in items_in(listed)] != [won[0].body["id"]]:
        raise listed.violates(f"that one order, {won[0].body['id']}")


@GROUP.check(
    section=_SECTION,
    matters="A key guessed or reused by another caller shows it a stranger's order.",
    fix="Make (caller, key) unique, not key.",
)
async def other_caller(probe: DatabaseProbe) -> None:
    """The same key of another caller is another key."""
    first = await probe.created()
    second = probe.new(key=first.body["key"])
    (await probe.create(second)).expect(201, id=second.id)


@GROUP.check(
    section="2, idempotency",
    matters="Of customers who send no key, all but the first would be given the first one's order.",
    fix="Bind nothing when key is null.",
)
async def without_key(probe: DatabaseProbe) -> None:
    """Orders without a key are all created."""
    first = await probe.created(key=None)
    second = probe.new(key=None, caller=first.body["caller"])
    (await probe.create(second)).expect(201, id=second.id)


@GROUP.check(
    section="2, idempotency: never less than its order takes to end",
    matters=_TWICE,
    fix="Let a key expire only once its order is final.",
)
async def key_outlives_its_order(probe: DatabaseProbe) -> None:
    """A key whose time is over still holds while its order is unfinished."""
    first = await probe.created(keyTtlS=0)
    second = probe.new(caller=first.body["caller"], key=first.body["key"])
    (await probe.create(second)).expect(200, id=first.id)


@GROUP.check(
    section="2, idempotency: a key lives 24 h",
    matters="A customer who uses a key again a year later is given last year's order.",
    fix="Replace an expired key of a final order, in the insert that binds it.",
)
async def key_expires(probe: DatabaseProbe) -> None:
    """A key whose time is over and whose order is final can be bound anew."""
    first = await probe.created(keyTtlS=0)
    (await probe.update(first, status="FAILED")).expect(200)
    second = probe.new(caller=first.body["caller"], key=first.body["key"])
    (await probe.create(second)).expect(201, id=second.id)


@GROUP.check(
    section=_SECTION,
    matters="A replay cannot be told from a new order.",
    fix="Answer GET /keys?caller=&key= with the record of the order, or 404.",
)
async def by_key(probe: DatabaseProbe) -> None:
    """GET /keys gives the order that a key is bound to, and 404 for an unknown key."""
    order = await probe.created()
    caller, key = order.body["caller"], order.body["key"]
    (await probe.wire.get(f"/keys?caller={caller}&key={key}")).expect(200, id=order.id)
    (await probe.wire.get(f"/keys?caller={caller}&key={key}x")).expect_refusal(404)
