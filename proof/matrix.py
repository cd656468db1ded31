"""The matrix: bases × (nothing, every injection, every pair of injections), from the saga's table.

Nothing is sampled: a base with n injections is 1 + n + n(n-1)/2 runs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from orchestrator.saga.step import Step
from proof import faults
from proof.calls import Call, Way, calls_of
from proof.cases import Case, Event, Injection, befalling, happening


@dataclass(frozen=True, slots=True)
class Base:
    """Where runs start from: what happens in each of them, and which calls are met by faults.

    The first base meets every call; the others bring about what a good order never needs, and meet
    the calls of that.
    """

    name: str
    says: str
    given: tuple[Injection, ...]
    injections: tuple[Injection, ...]

    @property
    def runs(self) -> int:
        """How many runs it is."""
        n = len(self.injections)
        return 1 + n + n * (n - 1) // 2

    def cases(self) -> Iterator[Case]:
        """Without injection, with each, with each pair."""
        for number in range(3):
            for chosen in combinations(self.injections, number):
                yield Case(self.name, self.given, chosen)


def bases(saga: tuple[Step, ...]) -> tuple[Base, ...]:
    """The bases of a saga."""
    calls = {call.name: call for call in calls_of(saga)}
    decided_then_died = befalling(calls["decide"], faults.CRASH_AFTER)
    expired, elsewhere = happening(Event.EXPIRED), happening(Event.ASKED_ELSEWHERE)
    return (
        _base(saga, "well", "nothing else goes wrong", (), lambda _: True),
        _base(
            saga,
            "refused",
            "the reservation has expired when it is to be committed: all is taken back",
            (expired,),
            lambda call: call.way is Way.BACK or call.name in {"decide", "park", "claim", "finish"},
        ),
        _base(
            saga,
            "taken-over",
            "as `refused`, and the worker dies when it has decided; a duplicate waits elsewhere",
            (expired, elsewhere, decided_then_died),
            lambda call: call.way is Way.BACK or call.name in {"claim", "get", "finish"},
        ),
        _base(
            saga,
            "parked",
            "the step after the pivot is unavailable until everything works again",
            (befalling(_after_pivot(saga, calls), faults.UNAVAILABLE),),
            lambda call: call.name in {"park", "claim", "finish", "get"},
        ),
        _base(
            saga,
            "in-doubt",
            "the order is created, and nobody hears of it",
            (befalling(calls["create"], faults.SLOW),),
            lambda call: call.name in {"create", "abandon", "claim", "get"},
        ),
    )


def all_cases(saga: tuple[Step, ...]) -> Iterator[Case]:
    """The whole matrix."""
    for base in bases(saga):
        yield from base.cases()


def find_case(saga: tuple[Step, ...], name: str) -> Case:
    """The case of this id, with any number of injections; raises `KeyError` for unknown names."""
    base_name, _, rest = name.partition("/")
    injected, _, chance = rest.partition("@")
    for base in bases(saga):
        if base.name == base_name:
            known = {injection.name: injection for injection in every_injection(saga)}
            wanted = [part for part in injected.split("+") if part]
            chosen = tuple(known[part] for part in wanted)
            return Case(base.name, base.given, chosen, int(chance) if chance else None)
    raise KeyError(base_name)


def every_injection(saga: tuple[Step, ...]) -> tuple[Injection, ...]:
    """All that can be injected: every call × its faults, and the events."""
    of_calls = [
        befalling(call, fault)
        for call in calls_of(saga)
        for fault in (faults.OF_THE_RECORD if call.way is Way.RECORD else faults.OF_A_PARTICIPANT)
    ]
    return (*of_calls, *(happening(event) for event in Event))


def _base(
    saga: tuple[Step, ...],
    name: str,
    says: str,
    given: tuple[Injection, ...],
    meets: Callable[[Call], bool],
) -> Base:
    chosen = [
        injection
        for injection in every_injection(saga)
        if injection not in given and (injection.call is None or meets(injection.call))
    ]
    return Base(name, says, given, tuple(chosen))


def _after_pivot(saga: tuple[Step, ...], calls: dict[str, Call]) -> Call:
    """The call whose trouble parks an order; the pivot's own where no step comes after it."""
    names = [step.name for step in saga]
    pivot = next(index for index, step in enumerate(saga) if step.pivot)
    return calls[names[min(pivot + 1, len(names) - 1)]]
