"""Reading: one order, and pages of them."""

from urllib.parse import quote

from conformance.check import Group
from conformance.contract import DATABASE
from conformance.database.probe import DatabaseProbe, items_in

GROUP: Group[DatabaseProbe] = Group("lists", "what can be read", frozenset({DATABASE}))

_SECTION = "3, below the table"
_LOST = "Orders are missing from what the customer or an audit sees, or are seen twice."


@GROUP.check(
    section=_SECTION,
    matters=_LOST,
    fix="Sort by time and id, descending, and let the cursor name both.",
)
async def pages(probe: DatabaseProbe) -> None:
    """The pages of one user's orders have each order once, and none is missing."""
    first = await probe.created()
    user = first.body["userId"]
    made = [first.id, *[(await probe.created(userId=user)).id for _ in range(4)]]
    path = f"/orders?userId={user}&limit=2"
    page = await probe.wire.get(path)
    seen = [record["id"] for record in items_in(page)]
    for _ in made:  # more pages than that there cannot be
        if (cursor := page.body.get("nextCursor")) is not None:
            page = await probe.wire.get(f"{path}&cursor={quote(str(cursor))}")
            seen += [record["id"] for record in items_in(page)]
    if sorted(seen) != sorted(made):
        raise page.violates(f"these, each once: {', '.join(made)}; the pages gave {seen}")


@GROUP.check(
    section=_SECTION,
    matters=_LOST,
    fix="Sort by the time of creation, descending.",
)
async def newest_first(probe: DatabaseProbe) -> None:
    """A list is sorted by createdAt, newest first."""
    first = await probe.created()
    user = first.body["userId"]
    for _ in range(4):
        await probe.created(userId=user)
    answer = await probe.wire.get(f"/orders?userId={user}")
    times = [record.get("createdAt") for record in items_in(answer)]
    if times != sorted(times, key=str, reverse=True) or not all(times):
        raise answer.violates("createdAt of each no later than of the one before it")


@GROUP.check(section=_SECTION, matters=_LOST, fix="Filter by all that is given.")
async def by_status(probe: DatabaseProbe) -> None:
    """A list of one status has only orders of that status."""
    first = await probe.created()
    user = first.body["userId"]
    second = await probe.created(userId=user)
    (await probe.update(second, status="CONFIRMED")).expect(200)
    for status, order in (("PENDING", first), ("CONFIRMED", second)):
        answer = await probe.wire.get(f"/orders?userId={user}&status={status}")
        if [record["id"] for record in items_in(answer)] != [order.id]:
            raise answer.violates(f"{order.id} alone")


@GROUP.check(
    section="3, rule 4",
    matters="A client's mistake looks like trouble of the service: it is tried again and again.",
    fix="Answer 4xx problem documents with a code.",
)
async def problem_documents(probe: DatabaseProbe) -> None:
    """What is not known or not valid is refused by problem documents with a code."""
    order = await probe.created()
    answers = [
        (404, await probe.read(probe.new())),
        (400, await probe.wire.get("/orders?cursor=nonsense!")),
        (422, await probe.create(probe.new(leaseS=-1))),
        (409, await probe.update(order, version=7)),
    ]
    for status, answer in answers:
        answer.expect_refusal(status)
        if answer.media_type != "application/problem+json" or not answer.body.get("code"):
            raise answer.violates(f"{status} application/problem+json with code")
