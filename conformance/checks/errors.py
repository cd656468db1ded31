"""Rule 4: errors say what they are, and a 4xx means that nothing happened."""

import contextlib
from typing import Any, Final

from conformance.answer import Answer
from conformance.check import Group, Severity
from conformance.contract import INVENTORY, UPSTREAMS, WITH_FINISH
from conformance.probe import UpstreamProbe
from conformance.resource import Resource, State, new_resource
from conformance.violation import NotChecked
from conformance.wire import at_once

GROUP: Group[UpstreamProbe] = Group("errors", "what is refused, and how", UPSTREAMS)

PROBLEM_JSON: Final = "application/problem+json"
_TABLE: Final = "3, the table of calls"
_RULE: Final = "3, rule 4"
_HELD = "A 4xx is final: the caller undoes nothing. If something is held all the same, {loss}."


@GROUP.check(
    section=_TABLE,
    matters="A refusal under another status is taken for trouble and tried again, or told to the"
    " customer as something else; a refusal answered 2xx is an order without its {noun}.",
    fix="Answer with the status and the code of the contract.",
)
async def refused(probe: UpstreamProbe) -> None:
    """What has to be refused (no stock, no money, no such address) is, with status and code."""
    await probe.expect_refused(await probe.refused())


@GROUP.check(section=_RULE, matters=_HELD, fix="Refuse before anything is written, or roll back.")
async def refused_holds_nothing(probe: UpstreamProbe) -> None:
    """After a refusal nothing is held, and nothing can be made of it."""
    resource = await probe.refused()
    await probe.expect_refused(resource)
    await probe.expect_state(resource, State.GONE)
    if probe.contract.finish:
        (await probe.finish(resource)).expect_refusal()
        await probe.expect_state(resource, State.GONE)


@GROUP.check(
    section=_RULE,
    matters="The caller tells refusals apart by their code: without it, out of stock and unknown"
    " product, or a used key and a refused address, look the same.",
    fix="Answer every error as application/problem+json (RFC 9457) with a `code`, and with `status`"
    " equal to the status on the wire.",
)
async def problem_documents(probe: UpstreamProbe) -> None:
    """Every refusal is application/problem+json with a code and the wire's own status."""
    for answer in await _refusals(probe):
        answer.expect_refusal()
        code = answer.body.get("code")
        if answer.media_type != PROBLEM_JSON or not isinstance(code, str) or not code:
            raise answer.violates(f"{PROBLEM_JSON} with code, a text")
        answer.expect(answer.status, status=answer.status)


async def _refusals(probe: UpstreamProbe) -> list[Answer]:
    """Return one answer of each kind of refusal that the service has."""
    tombstone, unknown, taken = await probe.new(), await probe.new(), await probe.new()
    await probe.undo(tombstone)
    await probe.create(taken)
    key = taken.key(probe.contract.create)
    answers = [
        await probe.create(tombstone),
        await probe.read(unknown),
        await probe.create(unknown, key=key),
    ]
    with contextlib.suppress(NotChecked):  # who refuses nothing has the other refusals still
        answers.append(await probe.create(await probe.refused()))
    if probe.contract.finish:
        answers.append(await probe.finish(tombstone))
        answers.append(await probe.finish(unknown))
    return answers


_BROKEN: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "inventory": ({"qty": -1}, {"qty": 0}, {"qty": "many"}),
    "payment": ({"amount": "-1.00"}, {"amount": "much"}, {"amount": None}),
    "shipping": ({"address": None}, {"address": "1 Main Street"}, {"items": "a parcel"}),
}
"""What no service may take. A negative quantity adds stock, a negative amount pays the customer."""


@GROUP.check(
    section=_RULE,
    matters="A negative quantity adds stock and a negative amount pays the customer; a 5xx makes"
    " the caller repeat what can never succeed.",
    fix="Check the body before anything else and answer 4xx (400 or 422) to what it cannot be.",
)
async def nonsense(probe: UpstreamProbe) -> None:
    """A body that cannot be meant is refused with a final 4xx, and nothing is made."""
    for changes in _BROKEN[probe.contract.service]:
        resource = await probe.new()
        (await probe.create(_broken(resource, changes))).expect_refusal()
        await probe.expect_state(resource, State.GONE)
    resource = await probe.new()
    key = resource.key(probe.contract.create)
    path = probe.contract.create_path
    (await probe.wire.send("POST", path, key=key, body='{"id":')).expect_refusal()


def _broken(resource: Resource, changes: dict[str, Any]) -> Resource:
    if resource.shelf is None:
        return resource.asking(**changes)
    return resource.asking(items=[resource.shelf.line() | changes])


@GROUP.check(
    section=_RULE,
    matters="If a refused {finish} leaves something behind, the {create} that follows fails, and"
    " with it a good order.",
    fix="Answer 404 to {finish} an id that is not known, and write nothing.",
    services=WITH_FINISH,
)
async def finish_unknown(probe: UpstreamProbe) -> None:
    """{finish} of an id never heard of is refused, and leaves no trace."""
    resource = await probe.new()
    (await probe.finish(resource)).expect_refusal()
    await probe.created(resource)
    await probe.expect_state(resource, State.CREATED)


@GROUP.check(
    section=_TABLE,
    matters="A product that does not exist is told to the customer as one that is sold out.",
    fix='Answer 409 with code "unknown_sku".',
    services=frozenset({INVENTORY}),
)
async def unknown_sku(probe: UpstreamProbe) -> None:
    """{create} of a product that does not exist: 409 `unknown_sku`."""
    resource = new_resource(probe.contract)
    resource.body["items"] = [{"sku": f"conformance-none-{resource.id[:8]}", "qty": 1}]
    (await probe.create(resource)).expect_refusal(409, codes=("unknown_sku",))


@GROUP.check(
    section=_TABLE,
    matters="The customer is not told what is missing, nor how much there is.",
    fix="Answer out_of_stock with shortages: sku, requested and available of each short line.",
    severity=Severity.SHOULD,
    services=frozenset({INVENTORY}),
)
async def shortages(probe: UpstreamProbe) -> None:
    """409 out_of_stock lists the shortages: sku, requested, available."""
    shelf = await probe.shelf()
    resource = probe.reservation(shelf, qty=shelf.start.available + 1)
    short = {
        "sku": shelf.sku,
        "requested": resource.qty,
        "available": shelf.start.available,
    }
    (await probe.create(resource)).expect(409, shortages=[short])


@GROUP.check(
    section=_RULE,
    matters="The lines that could be had stay held though the order was refused: nobody releases"
    " them before they expire.",
    fix="Reserve all lines in one transaction, and roll it back when one is short.",
    services=frozenset({INVENTORY}),
)
async def all_or_nothing(probe: UpstreamProbe) -> None:
    """{create} of two products, one of them short: 409, and nothing of either is held."""
    shelf = await probe.shelf()
    for missing_first in (False, True):
        resource = probe.reservation(shelf)
        missing = {"sku": f"conformance-none-{resource.id[:8]}", "qty": 1}
        lines = [shelf.line(), missing]
        resource.body["items"] = lines[::-1] if missing_first else lines
        (await probe.create(resource)).expect_refusal(409)
        await shelf.expect()


@GROUP.check(
    section=_RULE,
    matters=_HELD,
    fix="Refuse inside the transaction that would have had the effect.",
)
async def refused_at_once(probe: UpstreamProbe) -> None:
    """The {create} that has to be refused, ten times at once under one key: refused every time."""
    resource = await probe.refused()
    await at_once(probe.expect_refused(resource) for _ in range(10))
    await probe.expect_state(resource, State.GONE)
