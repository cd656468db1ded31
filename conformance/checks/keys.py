"""Keys and ids: what counts as the same request, and what does not."""

from conformance.check import Group
from conformance.contract import UPSTREAMS
from conformance.probe import UpstreamProbe
from conformance.resource import ADDRESS, Resource, State

GROUP: Group[UpstreamProbe] = Group("keys", "keys and ids that are used again", UPSTREAMS)

_RULE = "3, rules 1 and 2"
_FINGERPRINT = (
    "Store a fingerprint of the request (its operation and its body) with the key, and answer 422"
    " when a key comes with another."
)


@GROUP.check(
    section=_RULE,
    matters="The caller would be told that one thing is held while another is: it ships or charges"
    " what was never agreed.",
    fix=_FINGERPRINT,
)
async def other_body(probe: UpstreamProbe) -> None:
    """The same key with another body is refused with 422, and changes nothing."""
    resource = await probe.new()
    first = await probe.created(resource)
    (await probe.create(_otherwise(resource))).expect_refusal(422)
    (await probe.create(resource)).expect_repeat_of(first)
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_RULE,
    matters="Under a key that was used before, a second {noun} would come to be that its caller"
    " knows nothing of.",
    fix=_FINGERPRINT,
)
async def other_id(probe: UpstreamProbe) -> None:
    """The same key with another id is refused with 422, and nothing is made under that id."""
    resource = await probe.new()
    await probe.created(resource)
    other = await probe.new()
    key = resource.key(probe.contract.create)
    (await probe.create(other, key=key)).expect_refusal(422)
    await probe.expect_state(other, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="The id is the name of one {noun}: a second effect under it is one that no undo finds.",
    fix="Make the id the primary key; answer as it stands, or refuse, but do nothing twice.",
)
async def other_key(probe: UpstreamProbe) -> None:
    """The same id and body under another key has no second effect."""
    resource = await probe.new()
    await probe.created(resource)
    answer = await probe.create(resource, key=resource.key("again"))
    if answer.status != 201:  # noqa: PLR2004 - as it stands; the other way is to refuse
        answer.expect_refusal()
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_RULE,
    matters="What is held would silently become something else than what its order says.",
    fix="Refuse (409) a create of an id that exists with another body.",
)
async def other_key_and_body(probe: UpstreamProbe) -> None:
    """The same id with another body under another key is refused, and changes nothing."""
    resource = await probe.new()
    await probe.created(resource)
    before = await probe.read(resource)
    (await probe.create(_otherwise(resource), key=resource.key("again"))).expect_refusal()
    (await probe.read(resource)).expect_repeat_of(before)
    await probe.expect_state(resource, State.CREATED)


def _otherwise(resource: Resource) -> Resource:
    """Return the same resource asked for with another, equally good body."""
    match resource.contract.service:
        case "payment":
            return resource.asking(amount="500.50")
        case "shipping":
            return resource.asking(address=ADDRESS | {"line1": "2 Main Street"})
        case _:
            items = [item | {"qty": item["qty"] + 1} for item in resource.body["items"]]
            return resource.asking(items=items)
