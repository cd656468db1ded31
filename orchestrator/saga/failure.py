"""How a call that did not end well is told: to the order's client, and in its timeline."""

import re
from typing import Any, Final

from clients.errors import Faulty, OutOfTime, Rejected, UpstreamError
from orchestrator.domain import Failure
from orchestrator.saga.step import Outcome, Step

_LONGEST_DETAIL: Final = 200
"""Enough for a sentence. What an upstream writes is shown to strangers, so it is kept short."""

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_WORDS: Final = {
    "out_of_stock": "there are not enough units on the shelf",
    "unknown_sku": "an item of the order does not exist",
    "payment_declined": "the payment was declined",
    "shipment_refused": "the shipment was refused",
}


def outcome_of(failure: UpstreamError) -> Outcome:
    """What is known after a call that did not end well."""
    if isinstance(failure, Rejected):
        return Outcome.REJECTED
    return Outcome.UNKNOWN if failure.in_doubt else Outcome.UNSENT


def explain(step: Step, failure: UpstreamError) -> Failure:
    """The answer that the order's client gets when `step` ended in `failure`."""
    upstream = describe(failure)
    if isinstance(failure, Rejected):
        refusal = step.refused(failure)
        said = _WORDS.get(refusal.code, f"{failure.service} refused to {step.name}")
        return Failure(refusal.status, refusal.code, said, upstream, extra=refusal.extra)
    if failure.out_of_time or isinstance(failure, OutOfTime):
        said = f"the order's deadline passed while {failure.service} was to {step.name}"
        return Failure(504, "deadline_exceeded", said, upstream)
    if isinstance(failure, Faulty):
        said = f"{failure.service} gave no usable answer when it was to {step.name}"
        return Failure(502, "upstream_error", said, upstream)
    said = f"{failure.service} could not be reached to {step.name}"
    wait_s = failure.retry_after_s
    return Failure(503, "upstream_unavailable", said, upstream, retry_after_s=wait_s)


def describe(failure: UpstreamError) -> dict[str, Any]:
    """The member `upstream` of a problem document."""
    return {
        "service": failure.service,
        "operation": failure.operation,
        "status": failure.status,
        "code": _code(failure.code),
        "detail": presentable(failure.detail),
        "attempts": failure.attempts,
    }


def in_words(failure: UpstreamError) -> str:
    """One line for a person: what stands in the way of an order."""
    status = f" {failure.status}" if failure.status else ""
    return f"{failure.service} {failure.operation}:{status} {presentable(failure.detail)}"


def _code(code: str | None) -> str | None:
    return code if code is not None and _CODE.fullmatch(code) else None


def presentable(detail: str) -> str:
    """A stranger's text, cut to what may be stored, logged and shown."""
    return _UNPRINTABLE.sub(" ", detail)[:_LONGEST_DETAIL]
