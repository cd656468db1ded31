"""What a storm was like and what it left, for a person; and whether it was one at all."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.attempt import Attempt
from chaos.diary import Diary, Kind
from chaos.evidence import Evidence, Order, Violation
from chaos.figures import age_s, by_outcome, counted, spread, taken_over
from chaos.plan import Plan
from chaos.story import tell
from chaos.told import withdrawn_but_told_of
from tests.storm.contract import Journal
from tests.storm.weather import Fault

_TWENTY_S: Final = 20.0  # the length of storm that the numbers below are asked of


@dataclass(frozen=True)
class Result:
    """The end of a storm."""

    plan: Plan
    least: Mapping[Kind, int]
    evidence: Evidence
    violations: list[Violation]
    journal: Journal
    faults: Counter[Fault]
    diary: Diary
    spent_s: Mapping[str, float]
    logs: list[Path]

    @property
    def seen(self) -> "Seen":
        """What it brought about."""
        evidence = self.evidence
        return Seen(
            plan=self.plan,
            least=self.least,
            diary=self.diary,
            faults=self.faults,
            journal=self.journal,
            orders=evidence.orders,
            attempts=evidence.attempts,
            looks=len(evidence.looks),
        )

    def text(self) -> str:
        """All of it."""
        story = tell(self.violations, self.evidence, self.logs, self.journal.began)
        upstreams = (line for order_id in self._subjects() for line in self.journal.story(order_id))
        return "\n".join([*_figures(self), *story, *upstreams])

    def _subjects(self) -> list[str]:
        return list(dict.fromkeys(v.order_id for v in self.violations[:3] if v.order_id))

    def missing(self) -> list[str]:
        """What was too little for this to have been a storm."""
        scale = self.plan.seconds / _TWENTY_S
        replays = ("requests repeated at the end", len(self.evidence.replays), 10 * scale)
        return [*self.seen.missing(), *_too_few([replays])]


@dataclass(frozen=True)
class Seen:
    """What a storm has brought about so far."""

    plan: Plan
    least: Mapping[Kind, int]
    diary: Diary
    faults: Counter[Fault]
    journal: Journal
    orders: Mapping[str, Order]
    attempts: Sequence[Attempt]
    looks: int

    def missing(self) -> list[str]:
        """What is too little still; less is asked of a short storm."""
        scale = self.plan.seconds / _TWENTY_S
        orders = Counter(order["status"] for order in self.orders.values())
        codes = Counter(attempt.code for attempt in self.attempts)
        kinds_met = sum(self.faults[fault] > 0 for fault in Fault)
        return _too_few(
            [
                *(
                    (str(kind), self.diary.proven[kind], least)
                    for kind, least in self.least.items()
                ),
                ("kinds of faults", kinds_met, len(Fault) - (2 if scale < 1 else 0)),
                ("faults", self.faults.total(), 60 * scale),
                ("CONFIRMED orders", orders["CONFIRMED"], 8 * scale),
                ("FAILED orders", orders["FAILED"], 5 * scale),
                ("orders taken over", taken_over(self.orders), 3 * scale),
                ("repeated requests at upstreams", self.journal.repeats, 10 * scale),
                ("creates that met a tombstone", self.journal.tombstones_hit, 2 * scale),
                ("looks at orders", self.looks, 5 * scale),
                ("key reused", codes["idempotency_key_reused"], 2 * scale),
            ]
        )


def _too_few(wanted: Iterable[tuple[str, int, float]]) -> list[str]:
    return [f"{what}: {had}, not {least:g}" for what, had, least in wanted if had < least]


def _figures(result: Result) -> Iterator[str]:
    evidence, journal = result.evidence, result.journal
    yield f"seed {result.plan.seed}, {result.plan.seconds:g} s, {result.plan.storage}"
    yield counted("orders", by_outcome(evidence.orders))
    told = Counter(f"{a.status} {a.code or ''}".strip() for a in evidence.attempts if a.status)
    yield counted(f"answers to {len(evidence.attempts)} requests", told)
    yield counted("  unanswered", Counter(a.ending for a in evidence.attempts if not a.status))
    yield counted("faults", result.faults)
    yield counted("blows that hit", result.diary.proven)
    yield (
        f"calls of upstreams {journal.total}, repeats {journal.repeats}, met a tombstone "
        f"{journal.tombstones_hit}, taken over {taken_over(evidence.orders)}, told of though "
        f"withdrawn {withdrawn_but_told_of(evidence)}"
    )
    yield spread("seconds to final", [age_s(order) for order in evidence.orders.values()])
    yield spread("seconds to answer", [a.ended - a.began for a in evidence.attempts if a.status])
    yield "spent " + ", ".join(f"{took:.1f} s {on}" for on, took in result.spent_s.items())
