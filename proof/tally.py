"""What came of many runs, in numbers that can be added up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from proof.outcome import Outcome


@dataclass(slots=True)
class Red:
    """A case that broke a rule."""

    case: str
    violations: list[str]


@dataclass(slots=True)
class Tally:
    """Of some runs: how many, how they ended, what fired, and what was red."""

    runs: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By base and number of injections."""
    same: Counter[str] = field(default_factory=Counter)
    """By base: pairs that are the run of one of the two alone."""
    all_fired: Counter[tuple[str, int]] = field(default_factory=Counter)
    """So many of them in which everything injected really happened."""
    statuses: Counter[str] = field(default_factory=Counter)
    told: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    alone: Counter[str] = field(default_factory=Counter)
    """Injections that happened when they were alone."""
    red: list[Red] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one more run."""
        case = outcome.case
        kind = (case.base, len(case.injected))
        self.runs[kind] += 1
        if all(outcome.fired[injection.name] for injection in case.injected):
            self.all_fired[kind] += 1
            if len(case.injected) == 1:
                self.alone[case.injected[0].name] += 1
        self.statuses[outcome.statuses] += 1
        self.told.update(answer.told.status for answer in outcome.answered)
        self.calls += len(outcome.sent)
        if outcome.violations:
            self.red.append(Red(case.id, [str(violation) for violation in outcome.violations]))

    def merge(self, others: Iterable["Tally"]) -> "Tally":
        """Add others to this one."""
        for other in others:
            self.runs += other.runs
            self.same += other.same
            self.all_fired += other.all_fired
            self.statuses += other.statuses
            self.told += other.told
            self.calls += other.calls
            self.alone += other.alone
            self.red += other.red
        return self

    @property
    def played(self) -> int:
        """All runs."""
        return sum(self.runs.values())

    @property
    def decided(self) -> int:
        """All cases: those played, and those that are the run of a shorter one."""
        return self.played + sum(self.same.values())
