"""What a service answers when all goes well."""

from datetime import datetime

from conformance.answer import Answer
from conformance.check import Group, Severity
from conformance.contract import INVENTORY, PAYMENT, SHIPPING, UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import Resource, State, new_payment
from conformance.violation import NotChecked

GROUP: Group[UpstreamProbe] = Group("answers", "what is answered when all goes well", UPSTREAMS)

_NOT_BELIEVED = (
    "An answer that is not what the contract promises counts as no answer: the caller tries"
    " again, gives up and undoes what went well. Not one order goes through."
)


@GROUP.check(
    section="3, rule 1 and the table of calls",
    matters=_NOT_BELIEVED,
    fix="Keep the {noun} under the id that the caller sends, and answer 201 with id, orderId and"
    ' status "{created}".',
)
async def created(probe: UpstreamProbe) -> None:
    """{create} answers 201 with the caller's own id, its orderId and status "{created}"."""
    resource = await probe.new()
    answer = await probe.create(resource)
    answer.expect(201, id=resource.id, orderId=resource.order_id, status=probe.contract.created)


@GROUP.check(
    section="3, the table of calls",
    matters="The caller cannot tell what is held for it, or until when it must commit.",
    fix="Answer the items as they were sent, and expiresAt as an RFC 3339 time with its zone.",
    services=frozenset({INVENTORY}),
)
async def reservation_members(probe: UpstreamProbe) -> None:
    """{create} answers the items as they were asked for, and expiresAt as a time (RFC 3339)."""
    resource = await probe.new()
    answer = await probe.created(resource)
    answer.expect(201, items=resource.body["items"])
    if not _is_time(answer.body.get("expiresAt")):
        raise answer.violates("expiresAt as a time with its zone, such as 2030-01-31T12:00:00Z")


@GROUP.check(
    section="3, rule 5",
    matters="Money that passed through a binary float comes back changed: the caller does not"
    " believe the answer, and whoever adds such amounts up loses cents.",
    fix="Keep amounts as decimals or in minor units; answer the amount as text, with the digits"
    " with which it came, beside its currency.",
    services=frozenset({PAYMENT}),
)
async def money_is_text(probe: UpstreamProbe) -> None:
    """{create} answers amount (a decimal string) and currency exactly as they were asked for."""
    resource = await probe.new()
    answer = await probe.created(resource)
    _expect_money(answer, resource)


@GROUP.check(
    section="3, rule 5",
    matters="A currency assumed to have two digits charges a hundredfold in yen and drops the last"
    " digit in dinar.",
    fix="Take the number of digits from ISO 4217, and refuse a currency you do not serve with 422.",
    services=frozenset({PAYMENT}),
)
async def money_of_other_digits(probe: UpstreamProbe) -> None:
    """A currency with no (JPY) or three (BHD) digits is kept exactly, or refused outright."""
    served = [
        await _is_kept_exactly(probe, currency, amount)
        for currency, amount in (("JPY", "999"), ("BHD", "9.990"))
    ]
    if not any(served):
        raise NotChecked("the service takes neither JPY nor BHD")


async def _is_kept_exactly(probe: UpstreamProbe, currency: str, amount: str) -> bool:
    resource = await probe.new()
    resource.body |= new_payment(probe.contract, currency).body | {
        "id": resource.id,
        "orderId": resource.order_id,
        "amount": amount,
    }
    answer = await probe.create(resource)
    if answer.final_refusal:
        return False
    _expect_money(answer, resource)
    return True


def _expect_money(answer: Answer, resource: Resource) -> None:
    answer.expect(201, amount=resource.body["amount"], currency=resource.body["currency"])


@GROUP.check(
    section="3, the table of calls",
    matters="The customer cannot be told where the parcel is.",
    fix="Give each shipment its trackingNumber when it is created, and always the same one.",
    services=frozenset({SHIPPING}),
)
async def tracking_number(probe: UpstreamProbe) -> None:
    """{create} answers a trackingNumber, a text that is not empty."""
    answer = await probe.created(await probe.new())
    number = answer.body.get("trackingNumber")
    if not isinstance(number, str) or not number:
        raise answer.violates("201 with trackingNumber as text")


@GROUP.check(
    section="3, the table of calls",
    matters="Gateways and caches treat what is not declared as JSON as they like.",
    fix="Send Content-Type: application/json with what is no error.",
    severity=Severity.SHOULD,
)
async def json_type(probe: UpstreamProbe) -> None:
    """Answers that are no errors are application/json."""
    resource = await probe.new()
    for answer in (await probe.created(resource), await probe.read(resource)):
        if answer.media_type != "application/json":
            raise answer.violates("Content-Type: application/json")


@GROUP.check(
    section="3, the table of calls",
    matters="Nobody can audit what cannot be read.",
    fix="Answer GET with 200, the id and the present status.",
)
async def read(probe: UpstreamProbe) -> None:
    """GET of what was created answers 200 with its id and status."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section="3, the table of calls",
    matters="What does not exist looks as if it did.",
    fix="Answer 404 to a GET of an id that was never named.",
)
async def unknown(probe: UpstreamProbe) -> None:
    """GET of an id never heard of answers 404."""
    resource = await probe.new()
    (await probe.read(resource)).expect_refusal(404)


@GROUP.check(
    section="3, the table of calls",
    matters=_NOT_BELIEVED,
    fix='Answer {finish} with 200, the id and status "{finished}".',
    services=WITH_FINISH,
)
async def finished(probe: UpstreamProbe) -> None:
    """{finish} answers 200 with id and status "{finished}", and so it is."""
    resource = await probe.new()
    await probe.finished(resource)
    await probe.expect_state(resource, State.FINISHED)


@GROUP.check(
    section="3, the table of calls",
    matters="An undo that is not believed is tried for ever; its order never ends and is flagged"
    " for a person to look at.",
    fix="Answer {undo} with 200, the id and the status that the contract names.",
)
async def undone(probe: UpstreamProbe) -> None:
    """{undo} answers 200 with id and the contract's status."""
    resource = await probe.new()
    await probe.created(resource)
    await probe.undone(resource)


@GROUP.check(
    section="3, the table of calls",
    matters="Whoever audits sees a {noun} that is neither held nor returned.",
    fix="Show what was undone with the status that {undo} answered.",
    severity=Severity.SHOULD,
)
async def undone_is_shown(probe: UpstreamProbe) -> None:
    """GET of what was undone answers 200 with the status of its undo."""
    resource = await probe.new()
    await probe.created(resource)
    undo = await probe.undone(resource)
    (await probe.read(resource)).expect(200, id=resource.id, status=undo.body["status"])


@GROUP.check(
    section="3, the table of calls",
    matters="The books cannot tell money that came back from money that never moved.",
    fix='Answer refund with "voided" if it was never captured, and with "refunded" if it was.',
    severity=Severity.SHOULD,
    services=frozenset({PAYMENT}),
)
async def voided_or_refunded(probe: UpstreamProbe) -> None:
    """{undo} answers "voided" when it was never captured, and "refunded" when it was."""
    held, taken = await probe.new(), await probe.new()
    await probe.created(held)
    await probe.finished(taken)
    (await probe.undo(held)).expect(200, status="voided")
    (await probe.undo(taken)).expect(200, status="refunded")


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
