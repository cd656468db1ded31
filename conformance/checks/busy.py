"""Answers that say "not now": looked at last, when there was time for one to come."""

from conformance.check import Group, Severity
from conformance.contract import UPSTREAMS
from conformance.probe import UpstreamProbe
from conformance.retry_after import LONGEST_SANE_S, parse_retry_after
from conformance.violation import NotChecked

GROUP: Group[UpstreamProbe] = Group("busy", "answers that say: not now", UPSTREAMS)


@GROUP.check(
    section="3, rule 4",
    matters="Callers wait as long as they are told: without a word they come again too soon, and"
    " with an absurd one the order's time runs out.",
    fix="Send Retry-After with 429 and 503: whole seconds, few of them.",
    severity=Severity.SHOULD,
)
async def retry_after(probe: UpstreamProbe) -> None:
    """Every 429 and 503 has a Retry-After of at most an hour."""
    busy = [answer for answer in probe.wire.busy if answer.status in {429, 503}]
    if not busy:
        raise NotChecked("the service never answered 429 or 503")
    for answer in busy:
        wait_s = parse_retry_after(answer.headers.get("retry-after"))
        if wait_s is None or wait_s > LONGEST_SANE_S:
            given = answer.headers.get("retry-after", "none")
            raise answer.violates(f"Retry-After, at most {LONGEST_SANE_S:g} s; it was: {given}")
