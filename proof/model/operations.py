"""The operations of a saga, read from its table: what is called, where, and to what end."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from orchestrator.saga.step import Step


class Effect(StrEnum):
    """What an operation is for."""

    CREATE = "create"
    SETTLE = "settle"
    UNDO = "undo"


class Operation(NamedTuple):
    """One call of the contract; `place` is the upstream's in `upstreams_of`."""

    name: str
    upstream: str
    place: int
    effect: Effect


CONTRACT: Final = ("inventory", "payment", "shipping")
"""The upstreams that every order needs, whatever the table says."""

_EFFECTS: Final[Mapping[str, Effect]] = {
    "reserve": Effect.CREATE,
    "authorize": Effect.CREATE,
    "ship": Effect.CREATE,
    "capture": Effect.SETTLE,
    "commit": Effect.SETTLE,
}
"""What the contract says that its operations are for."""


def upstreams_of(saga: tuple[Step, ...]) -> tuple[str, ...]:
    """The upstreams of the contract, and those that the table adds."""
    return tuple(dict.fromkeys([*CONTRACT, *(step.upstream for step in saga)]))


def acts_of(saga: tuple[Step, ...]) -> dict[str, Operation]:
    """By step: its call. What the contract does not name: an upstream's first step creates."""
    first = {step.upstream: step for step in reversed(saga)}
    acts = {}
    for step in saga:
        unnamed = Effect.CREATE if first[step.upstream] is step else Effect.SETTLE
        acts[step.name] = _operation(saga, step, step.name, _EFFECTS.get(step.name, unnamed))
    return acts


def undos_of(saga: tuple[Step, ...]) -> dict[str, Operation]:
    """By step: the call that takes it back, where there is one."""
    return {
        step.name: _operation(saga, step, step.undo.operation, Effect.UNDO)
        for step in saga
        if step.undo is not None
    }


def _operation(saga: tuple[Step, ...], step: Step, name: str, effect: Effect) -> Operation:
    return Operation(name, step.upstream, upstreams_of(saga).index(step.upstream), effect)
