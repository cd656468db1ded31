"""What a campaign is told as."""

from collections.abc import Iterator

from orchestrator.saga.step import Step
from proof.matrix import Base, bases, every_injection
from proof.tally import Tally

_HEAD = (
    "base        injections  nothing   each     pairs     cases    played   of them with both, and "
    "both happened"
)


def report(tally: Tally, saga: tuple[Step, ...], seconds: float) -> Iterator[str]:
    """The lines of it."""
    yield _HEAD
    for base in bases(saga):
        yield _line(tally, base)
    total = sum(base.runs for base in bases(saga))
    yield f"{'':<46}{tally.decided:>10}{tally.played:>10}   of {total} cases"
    same = sum(tally.same.values())
    yield f"{same} pairs are the run of one of the two: the other's call is not made in it"
    yield ""
    yield from totals(tally, seconds)


def totals(tally: Tally, seconds: float) -> Iterator[str]:
    """How orders ended, what clients heard, how fast it went."""
    yield "orders ended  " + _counts(tally.statuses.most_common())
    yield "clients heard " + _counts(sorted((str(k), n) for k, n in tally.told.items()))
    rate = tally.played / max(seconds, 0.001)
    yield f"{tally.calls} calls, {seconds:.0f} s, {rate:.0f} runs a second"


def vacuous(tally: Tally, saga: tuple[Step, ...]) -> list[str]:
    """Injections that happened in no base when they were alone: they prove nothing."""
    return [one.name for one in every_injection(saga) if not tally.alone[one.name]]


def conclusion(tally: Tally, saga: tuple[Step, ...]) -> Iterator[str]:
    """What is wrong, or that nothing is."""
    for name in vacuous(tally, saga):
        yield f"✗ {name} never happens where it is alone: no run needs its call"
    yield f"{'✗' if tally.red else '✓'} {len(tally.red)} of {tally.played} runs broke a rule"


def _line(tally: Tally, base: Base) -> str:
    n = len(base.injections)
    played = sum(tally.runs[base.name, number] for number in range(3))
    cases = played + tally.same[base.name]
    both = tally.runs[base.name, 2]
    happened = tally.all_fired[base.name, 2]
    return (
        f"{base.name:<12}{n:>10}{1:>9}{n:>7}{n * (n - 1) // 2:>10}{cases:>10}{played:>10}"
        f"{both:>10}{happened:>10}"
    )


def _counts(counts: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts)
