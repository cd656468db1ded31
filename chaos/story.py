"""Everything that is known of the order that a violation is about."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from chaos.evidence import WORDS, Evidence, Violation, entry_of

_SHOWN: Final = 12  # violations told with all their evidence; the others in a line
_LOG_LINES: Final = 12
_LINE: Final = 600  # characters: a line of a log, without its longest stack trace


def tell(
    violations: Sequence[Violation], evidence: Evidence, logs: Sequence[Path], since: float
) -> Iterator[str]:
    """All violations; `since` is the monotonic time when the run began."""
    if not violations:
        yield "no violation"
        return
    yield f"{len(violations)} VIOLATIONS"
    for number, violation in enumerate(violations):
        yield f"[{violation.rule}] {violation.text} (order {violation.order_id})"
        if number < _SHOWN:
            yield from (f"    {line}" for line in _story(violation, evidence, logs, since))


def _story(
    violation: Violation, evidence: Evidence, logs: Sequence[Path], since: float
) -> Iterator[str]:
    marker, order_id = violation.marker, violation.order_id
    order = evidence.orders.get(order_id or "")
    if order is not None:
        marker = marker or order["address"]["line1"]
        yield f"{order['status']} {order['createdAt']} – {order['updatedAt']}"
        yield from (f"  {line}" for line in order["timeline"])
    if order_id is not None:
        yield from (f"{name}: {entry_of(evidence.books, name, order_id)}" for name in WORDS)
        yield from _logged(logs, order_id)
    keys = {one.key for one in evidence.attempts if one.wish.marker == marker and one.key}
    for attempt in evidence.attempts:
        if attempt.wish.marker == marker or attempt.key in keys:
            yield attempt.told(since)


def _logged(logs: Sequence[Path], order_id: str) -> Iterator[str]:
    for log in logs:
        lines = log.read_text(errors="replace").splitlines()
        found = [line for line in lines if order_id in line]
        yield from (f"{log.stem}: {line[:_LINE]}" for line in found[-_LOG_LINES:])
