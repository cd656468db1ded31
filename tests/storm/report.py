"""What a storm was like and what it left, for a person; and whether it was one at all."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from tests.storm.contract import Journal
from tests.storm.evidence import Evidence, Violation
from tests.storm.havoc import EACH_FAULT, LEAST, LEAST_TOMBSTONES, Blow
from tests.storm.told import withdrawn_but_told_of
from tests.storm.weather import Fault
from tests.storm.world import Plan

_SHOWN: Final = 12  # violations told with all their evidence; the others in a line
_LOG_LINES: Final = 12


@dataclass(frozen=True)
class Result:
    """The end of a storm; `healed_at` is the wall clock when everything worked again."""

    plan: Plan
    evidence: Evidence
    violations: list[Violation]
    journal: Journal
    faults: Mapping[str, Counter[Fault]]
    blows: Counter[Blow]
    healed_at: float
    spent_s: Mapping[str, float]
    logs: list[Path]

    @property
    def faults_by_kind(self) -> Counter[Fault]:
        """Over all services."""
        return sum(self.faults.values(), Counter[Fault]())

    @property
    def taken_over(self) -> int:
        """Orders whose timeline says that another worker took them."""
        return sum("taken over" in str(o["timeline"]) for o in self.evidence.orders.values())

    def text(self) -> str:
        """All of it."""
        return "\n".join([*_figures(self), *_found(self)])

    def missing(self) -> list[str]:
        """What was too little for this to have been a storm; less is asked of a short one."""
        scale = max(1.0, self.plan.seconds / 20)
        orders = Counter(order["status"] for order in self.evidence.orders.values())
        codes = Counter(attempt.code for attempt in self.evidence.attempts)
        wanted: list[tuple[str, int, float]] = [
            *((str(fault), self.faults_by_kind[fault], EACH_FAULT * scale) for fault in Fault),
            *((str(blow), self.blows[blow], least) for blow, least in LEAST.items()),
            ("CONFIRMED orders", orders["CONFIRMED"], 15 * scale),
            ("FAILED orders", orders["FAILED"], 5 * scale),
            ("orders taken over", self.taken_over, 3 * scale),
            ("repeated requests at upstreams", self.journal.repeats, 10 * scale),
            ("creates that met a tombstone", self.journal.tombstones_hit, LEAST_TOMBSTONES * scale),
            ("looks at orders", len(self.evidence.looks), 5 * scale),
            ("requests repeated at the end", len(self.evidence.replays), 10 * scale),
            ("key reused", codes["idempotency_key_reused"], 2 * scale),
        ]
        return [f"{what}: {had}, not {least:g}" for what, had, least in wanted if had < least]


def _figures(result: Result) -> Iterator[str]:
    evidence = result.evidence
    yield f"seed {result.plan.seed}, {result.plan.seconds:g} s, {_storage(result)}"
    yield _counted("orders", Counter(order["status"] for order in evidence.orders.values()))
    reasons = Counter((o["failure"] or {}).get("code", "-") for o in evidence.orders.values())
    yield _counted("  by reason", reasons)
    told = Counter(f"{a.status} {a.code or ''}".strip() for a in evidence.attempts if a.status)
    yield _counted(f"answers to {len(evidence.attempts)} requests", told)
    yield _counted("  unanswered", Counter(a.ending for a in evidence.attempts if not a.status))
    yield _counted("faults", Counter({str(k): n for k, n in result.faults_by_kind.items()}))
    yield _counted("blows", Counter({str(k): n for k, n in result.blows.items()}))
    yield (
        f"calls of upstreams {result.journal.total}, repeats {result.journal.repeats}, "
        f"met a tombstone {result.journal.tombstones_hit}, taken over {result.taken_over}, "
        f"told of though withdrawn {withdrawn_but_told_of(evidence)}"
    )
    yield _spread("seconds to final", [_age(order) for order in evidence.orders.values()])
    yield _spread("seconds to answer", [a.ended - a.began for a in evidence.attempts if a.status])
    last = max((_epoch(order["updatedAt"]) for order in evidence.orders.values()), default=0)
    yield f"last order final {last - result.healed_at:+.1f} s after everything worked again"
    yield "spent " + ", ".join(f"{took:.1f} s {on}" for on, took in result.spent_s.items())


def _found(result: Result) -> Iterator[str]:
    if not result.violations:
        yield "no violation"
        return
    yield f"{len(result.violations)} VIOLATIONS"
    for number, violation in enumerate(result.violations):
        yield f"[{violation.rule}] {violation.text} (order {violation.order_id})"
        if number < _SHOWN:
            yield from _told(result, violation)


def _told(result: Result, violation: Violation) -> Iterator[str]:
    """Everything known of the order that a violation is about."""
    since = result.journal.began
    marker = violation.marker
    order = result.evidence.orders.get(violation.order_id or "")
    if order is not None:
        marker = marker or order["address"]["line1"]
        yield f"    {order['status']} {order['createdAt']} – {order['updatedAt']}"
        yield from (f"      {line}" for line in order["timeline"])
    if violation.order_id is not None:
        yield from (f"    {line}" for line in result.journal.story(violation.order_id))
        yield from (f"    {line}" for line in _logged(result.logs, violation.order_id))
    keys = {a.key for a in result.evidence.attempts if a.wish.marker == marker and a.key}
    for attempt in result.evidence.attempts:
        if attempt.wish.marker == marker or attempt.key in keys:
            yield f"    {attempt.told(since)}"


def _logged(logs: list[Path], order_id: str) -> Iterator[str]:
    for log in logs:
        lines = log.read_text(errors="replace").splitlines()
        found = [line for line in lines if order_id in line]
        yield from (f"{log.stem}: {line[:600]}" for line in found[-_LOG_LINES:])


def _storage(result: Result) -> str:
    return "PostgreSQL" if result.plan.database_url else "SQLite"


def _counted(what: str, counts: Mapping[Any, int]) -> str:
    listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=_by_count))
    return f"{what}: {sum(counts.values())} ({listed})"


def _by_count(entry: tuple[Any, int]) -> int:
    return -entry[1]


def _spread(what: str, values: list[float]) -> str:
    if len(values) < 2:  # as quantiles() has it
        return f"{what}: too few"
    cuts = quantiles(values, n=100)
    return f"{what}: p50 {cuts[49]:.2f}, p99 {cuts[98]:.2f}, max {max(values):.2f}"


def _age(order: Mapping[str, Any]) -> float:
    return _epoch(order["updatedAt"]) - _epoch(order["createdAt"])


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
