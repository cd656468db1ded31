"""What was told, held against what is true: rules 3 and 6 of section 5, and the table of 2."""

from collections import defaultdict
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from chaos.answers import wrongs_of_answer
from chaos.attempt import Attempt, Look
from chaos.evidence import CONFIRMED, FINAL, LIVE, Evidence, Order, Violation, by_key

_TRANSIENT: Final = {408, 425, 429}
"""Of the 4xx, those that are no refusal (contract, rule 4)."""


def wrongs_told(evidence: Evidence) -> Iterator[Violation]:
    """All that was said and is not so."""
    yield from _one_order_for_a_key(evidence)
    yield from _one_order_for_a_request(evidence)
    yield from _answers(evidence)
    yield from _looks(evidence)
    yield from _told_alike(evidence)
    yield from _replays(evidence)


def _one_order_for_a_key(evidence: Evidence) -> Iterator[Violation]:
    """Rule 3: at most one order for a key and caller; none, where every answer said so."""
    by_marker = _by_marker(evidence)
    afterwards = {id(attempt) for pair in evidence.replays for attempt in pair}
    for (caller, key), attempts in by_key(evidence.attempts).items():
        markers = sorted({attempt.wish.marker for attempt in attempts})
        made = [order_id for marker in markers for order_id in by_marker[marker]]
        if len(made) > 1:
            text = f"key {key} of {caller} has {len(made)} orders: {made}"
            yield Violation("3", text, made[0], attempts[0].wish.marker)
        first = [attempt for attempt in attempts if id(attempt) not in afterwards]
        if made and first and all(attempt.says_none for attempt in first):
            text = f"every answer under key {key} said that there is no order"
            yield Violation("6", text, made[0], attempts[0].wish.marker)


def _one_order_for_a_request(evidence: Evidence) -> Iterator[Violation]:
    """Rule 3, without a key: an order for a request at most, and none where the answer said so."""
    by_marker = _by_marker(evidence)
    for attempt in evidence.attempts:
        if attempt.key is not None:
            continue
        made = by_marker[attempt.wish.marker]
        if len(made) > 1:
            text = f"one request has {len(made)} orders: {made}"
            yield Violation("3", text, made[0], attempt.wish.marker)
        if made and attempt.says_none:
            text = f"{attempt.status} {attempt.code} said that there is no order"
            yield Violation("6", text, made[0], attempt.wish.marker)


def _by_marker(evidence: Evidence) -> dict[str, list[str]]:
    by_marker: dict[str, list[str]] = defaultdict(list)
    for order in evidence.orders.values():
        by_marker[order["address"]["line1"]].append(order["id"])
    return by_marker


def _answers(evidence: Evidence) -> Iterator[Violation]:
    """Section 2 and rule 6: every answer has the form that it must have, and it is true."""
    groups = by_key(evidence.attempts)
    for attempt in evidence.attempts:
        if attempt.status is None:
            continue
        marker, order_id = attempt.wish.marker, attempt.order_id
        for wrong in wrongs_of_answer(attempt):
            yield Violation("API", f"{attempt.status} {attempt.code}: {wrong}", order_id, marker)
        if attempt.code == "idempotency_key_reused":
            group = groups[attempt.wish.user, attempt.key or ""]
            if len({one.wish.marker for one in group}) == 1:
                yield Violation("6", "the key was never used for another order", None, marker)
            continue
        if order_id is not None and not _speaks_of_withdrawn(attempt, evidence):
            yield from _true_of_order(attempt, evidence.orders.get(order_id))
            for wrong in _wrongs_at_the_time(attempt):
                text = f"{attempt.status} {attempt.code or ''} was told while {wrong}"
                yield Violation("6", text, order_id, marker)


def _speaks_of_withdrawn(attempt: Attempt, evidence: Evidence) -> bool:
    """A duplicate may be told that an order is in progress that is then withdrawn.

    Its create was in doubt, nothing was sent for it, and the answer promises no end. Whoever asks
    again under the key gets the truth, as each key is asked in the end.
    """
    in_progress = attempt.code == "order_in_progress"
    return in_progress and evidence.is_withdrawn(attempt.order_id or "")


def withdrawn_but_told_of(evidence: Evidence) -> int:
    """How often that was so."""
    return sum(_speaks_of_withdrawn(attempt, evidence) for attempt in evidence.attempts)


def _true_of_order(attempt: Attempt, order: Order | None) -> Iterator[Violation]:
    marker, order_id, status = attempt.wish.marker, attempt.order_id, attempt.status
    told = f"{status} {attempt.code or ''} was told of it"
    if order is None:
        yield Violation("6", f"{told}, but there is no such order", order_id, marker)
        return
    if order["address"]["line1"] != marker:
        yield Violation("6", f"{told}, but it is another's", order_id, marker)
    if status == HTTPStatus.CREATED and order["status"] != "CONFIRMED":
        yield Violation("6", f"{told}, but it is {order['status']}", order_id, marker)
    if status == HTTPStatus.ACCEPTED and not _kept(order):
        yield Violation("6", f"{told}, but it is {order['status']}", order_id, marker)
    if status == HTTPStatus.CREATED and attempt.document != order:
        yield Violation("6", f"{told}, but it has changed since", order_id, marker)
    shown = attempt.document.get("orderStatus", "")
    if order["status"] not in _possible_ends(shown):
        yield Violation("6", f"{told} as {shown}, but it is {order['status']}", order_id, marker)


def _kept(order: Order) -> bool:
    """Whether a 202 has come true: CONFIRMED, or FAILED for a definite refusal and nothing else."""
    upstream = (order["failure"] or {}).get("upstream") or {}
    refused = str(upstream.get("status")).startswith("4") and upstream["status"] not in _TRANSIENT
    return order["status"] == "CONFIRMED" or (order["status"] == "FAILED" and refused)


def _possible_ends(shown: str) -> set[str]:
    """Where an order may end that was shown with this status."""
    return {"COMPENSATING": {"FAILED"}}.get(shown, {shown} if shown in FINAL else FINAL)


def _wrongs_at_the_time(attempt: Attempt) -> list[str]:
    """An answer is true when it is given, not only when everything has come to rest."""
    if attempt.books is None:
        return []
    if attempt.status == HTTPStatus.CREATED:
        wanted = CONFIRMED
    elif attempt.status == HTTPStatus.ACCEPTED:
        wanted = {"payment": CONFIRMED["payment"]}
    elif attempt.failed:
        live = {
            service: state for service, state in attempt.books.items() if state in LIVE[service]
        }
        return [f"{service} had {state}" for service, state in live.items()]
    else:
        return []
    return [
        f"{service} had {attempt.books.get(service)}"
        for service, state in wanted.items()
        if attempt.books.get(service) != state
    ]


def _looks(evidence: Evidence) -> Iterator[Violation]:
    """What GET showed meanwhile: an order that was told of is there, and an end stays an end."""
    in_progress = {one.order_id for one in evidence.attempts if _speaks_of_withdrawn(one, evidence)}
    for look in evidence.looks:
        if look.order_id in in_progress and (look.document or {}).get("status") in {
            None,
            "PENDING",
        }:
            continue
        order = evidence.orders.get(look.order_id)
        wrong = "it was gone" if look.document is None else _wrong_look(look, order)
        if wrong:
            yield Violation("6", f"GET of an order that was told of: {wrong}", look.order_id)


def _wrong_look(look: Look, order: Order | None) -> str | None:
    if order is None or look.document is None:
        return "it is gone now"
    shown = look.document["status"]
    if order["status"] not in _possible_ends(shown):
        return f"it was {shown}, and is {order['status']}"
    if shown in FINAL and look.document != order:
        return "it has changed since its end"
    return None


def _told_alike(evidence: Evidence) -> Iterator[Violation]:
    """Replays give the first final answer: same status, same body."""
    first: dict[str, Attempt] = {}
    for attempt in sorted(evidence.attempts, key=lambda one: one.ended):
        if not attempt.final or attempt.order_id is None:
            continue
        before = first.setdefault(attempt.order_id, attempt)
        if (before.status, before.document) != (attempt.status, attempt.document):
            text = f"told {before.document} first, {attempt.document} later"
            yield Violation("6", text, attempt.order_id, attempt.wish.marker)


def _replays(evidence: Evidence) -> Iterator[Violation]:
    """After the end each key repeats the truth, and another body under it is refused."""
    for same, other in evidence.replays:
        order_id, marker = same.order_id, same.wish.marker
        if not same.final:
            text = f"a replay after the end says {same.status} {same.code}"
            yield Violation("6", text, order_id, marker)
        elif same.headers.get("idempotent-replayed") != "true":
            yield Violation("API", "a replay without Idempotent-Replayed", order_id, marker)
        if other is not None and other.code != "idempotency_key_reused":
            text = f"another body under an old key: {other.status} {other.document}"
            yield Violation("API", text, order_id, marker)
