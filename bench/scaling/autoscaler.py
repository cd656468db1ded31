"""What an HPA does with what its metric asks for: windows, policies, least and most."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from bench.scaling.behavior import Behavior, Kind, Policy, Rules, Select

SYNC_S: Final = 15
"""The controller's default period (--horizontal-pod-autoscaler-sync-period)."""


@dataclass
class Autoscaler:
    """Remembers what was recommended and what was done."""

    behavior: Behavior
    least: int
    most: int
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    _changes: list[tuple[float, int]] = field(default_factory=list)
    """When, and by how many pods: more than none up, less than none down."""

    def decide(self, now: float, current: int, wanted: int) -> int:
        """How many pods there are to be, the metric asking for `wanted`."""
        stable = self._stabilised(now, current, wanted)
        decided = min(max(self._limited(now, current, stable), self.least), self.most)
        if decided != current:
            self._changes.append((now, decided - current))
        return decided

    def _stabilised(self, now: float, current: int, wanted: int) -> int:
        """Up to the least that was recommended in the window of up, down to the most of down's."""
        self._recommended.append((now, wanted))
        longest = max(self.behavior.up.window_s, self.behavior.down.window_s)
        self._recommended = [
            (at, n) for at, n in self._recommended if at > now - longest or at == now
        ]
        lowest = min(self._since(now - self.behavior.up.window_s, wanted))
        highest = max(self._since(now - self.behavior.down.window_s, wanted))
        return min(max(current, lowest), highest)

    def _since(self, cutoff: float, wanted: int) -> Iterable[int]:
        return [wanted, *(count for at, count in self._recommended if at > cutoff)]

    def _limited(self, now: float, current: int, wanted: int) -> int:
        if wanted > current:
            return min(wanted, self._most_up(now, current))
        if wanted < current:
            return max(wanted, self._least_down(now, current))
        return current

    def _most_up(self, now: float, current: int) -> int:
        def allowed(policy: Policy) -> int:
            before = current - self._changed(now - policy.period_s, up=True)
            if policy.kind is Kind.PODS:
                return before + policy.value
            return -(-before * (100 + policy.value) // 100)  # rounded up, or one pod would stay one

        return max(current, _chosen(self.behavior.up, allowed, current, largest=max))

    def _least_down(self, now: float, current: int) -> int:
        def allowed(policy: Policy) -> int:
            before = current + self._changed(now - policy.period_s, up=False)
            if policy.kind is Kind.PODS:
                return before - policy.value
            return before * (100 - policy.value) // 100

        return min(current, _chosen(self.behavior.down, allowed, current, largest=min))

    def _changed(self, cutoff: float, *, up: bool) -> int:
        """Pods that came (or went) since."""
        return sum(abs(by) for at, by in self._changes if at > cutoff and (by > 0) == up)


def _chosen(
    rules: Rules,
    allowed: Callable[[Policy], int],
    current: int,
    *,
    largest: Callable[[Iterable[int]], int],
) -> int:
    """What the rules allow; `largest` picks the number of pods that is the largest change."""
    if rules.select is Select.DISABLED:
        return current
    numbers = [allowed(policy) for policy in rules.policies]
    if rules.select is Select.MAX:
        return largest(numbers)
    return min(numbers) if largest is max else max(numbers)
