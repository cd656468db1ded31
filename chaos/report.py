"""What a run was like and what it left, for a person."""

import json
import resource
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from chaos.diary import Diary, Kind
from chaos.evidence import Evidence, Violation
from chaos.figures import age_s, by_outcome, counted, epoch, spread, taken_over
from chaos.minimum import missing
from chaos.plan import BOUND_S, LEASE_S, Plan
from chaos.story import tell


@dataclass(frozen=True)
class Result:
    """The end of a run; `healed_at` is the wall clock when everything worked again."""

    plan: Plan
    evidence: Evidence
    violations: list[Violation]
    diary: Diary
    traffic: Counter[str]
    healed_at: float
    began: float
    spent_s: Mapping[str, float]
    logs: list[Path]

    @property
    def missing(self) -> list[str]:
        """What was too little for this to have shown anything."""
        return missing(self.plan, self.diary.proven, self.evidence)

    @property
    def good(self) -> bool:
        """Whether nothing was violated, and something was shown."""
        return not self.violations and not self.missing

    def text(self) -> str:
        """All of it."""
        found = tell(self.violations, self.evidence, self.logs, self.began)
        vacuous = (f"too little to have shown anything: {what}" for what in self.missing)
        return "\n".join([*_figures(self), *found, *vacuous])

    def keep(self, folder: Path) -> None:
        """Write everything down beside the logs."""
        (folder / "report.txt").write_text(self.text() + "\n")
        done = "\n".join(str(injection) for injection in self.diary.injections)
        (folder / "injections.txt").write_text(done + "\n")
        orders = json.dumps(list(self.evidence.orders.values()), indent=1)
        (folder / "orders.json").write_text(orders + "\n")


def _figures(result: Result) -> Iterator[str]:
    plan, evidence = result.plan, result.evidence
    yield (
        f"seed {plan.seed}, {plan.seconds:g} s, {plan.replicas} replicas, "
        f"{plan.customers} customers, {plan.storage}"
    )
    yield counted("orders", by_outcome(evidence.orders))
    told = Counter(f"{one.status} {one.code or ''}".strip() for one in evidence.attempts)
    unanswered = Counter(one.ending for one in evidence.attempts if one.status is None)
    del told["None"]
    yield counted(f"{len(evidence.attempts)} requests, answers", told)
    yield counted("  unanswered", unanswered)
    yield from _injections(result.diary)
    yield counted("requests and connections that met a fault", result.traffic)
    yield f"orders taken over: {taken_over(evidence.orders)}"
    yield from _times(result)
    yield from _stock(evidence)
    yield from _money(evidence)
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    yield (
        f"processor seconds: {own.ru_utime + own.ru_stime:.0f} for driving it, "
        f"{others.ru_utime + others.ru_stime:.0f} for what was driven"
    )
    yield "spent " + ", ".join(f"{took:.1f} s {on}" for on, took in result.spent_s.items())


def _injections(diary: Diary) -> Iterator[str]:
    proven, attempted = sum(diary.proven.values()), sum(diary.attempted.values())
    yield f"injections: {proven} proven of {attempted} attempted"
    for kind in Kind:
        if diary.attempted[kind]:
            yield f"  {diary.proven[kind]:3} of {diary.attempted[kind]:3}  {kind}"


def _times(result: Result) -> Iterator[str]:
    evidence = result.evidence
    yield spread("seconds to final", [age_s(order) for order in evidence.orders.values()])
    answered = [one.ended - one.began for one in evidence.attempts if one.status]
    yield spread("seconds to answer", answered)
    left_s = [
        epoch(order["updatedAt"]) - result.healed_at
        for order in evidence.orders.values()
        if epoch(order["createdAt"]) < result.healed_at
    ]
    yield (
        f"last order to become final: {max(left_s, default=0.0):+.1f} s after everything worked "
        f"(bound: lease {LEASE_S:g} s + 30 s = {BOUND_S:g} s)"
    )


def _stock(evidence: Evidence) -> Iterator[str]:
    on_hand = sum(line["onHand"] for line in evidence.books.stock.values())
    sold = sum(
        item["qty"]
        for entry in evidence.books.reservations.values()
        if entry["status"] == "committed"
        for item in entry["items"]
    )
    yield f"stock: {sum(evidence.stock_before.values())} before = {on_hand} on hand + {sold} sold"


def _money(evidence: Evidence) -> Iterator[str]:
    totals: dict[str, list[Decimal]] = {currency: [] for currency in evidence.books.kept}
    for order in evidence.orders.values():
        if order["status"] == "CONFIRMED":
            totals.setdefault(order["currency"], []).append(Decimal(order["total"]))
    for currency, due in totals.items():
        kept = evidence.books.kept.get(currency, Decimal(0))
        yield f"money: {kept} {currency} kept, {len(due)} confirmed orders come to {sum(due)}"
