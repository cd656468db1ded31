"""What one run is: where it starts from, and what is injected into it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from proof.calls import Call
from proof.faults import Fault


class Event(StrEnum):
    """What can happen to an order besides a fault of one of its calls."""

    ASKED_ELSEWHERE = "asked-elsewhere"
    ASKED_TWICE = "asked-twice"
    ASKED_AGAIN = "asked-again"
    RIVAL = "rival"
    EXPIRED = "expired"
    EAGER = "eager"
    TWO_LOOK = "two-look"
    FOUND_LATE = "found-late"

    @property
    def says(self) -> str:
        """One line for people."""
        return _SAYS[self]


_SAYS: Final = {
    Event.ASKED_ELSEWHERE: "the same request, with its key, reaches another replica at once",
    Event.ASKED_TWICE: "the same request, with its key, reaches the same replica at once",
    Event.ASKED_AGAIN: "the client asks again, with its key, when all is over",
    Event.RIVAL: "another client wants the same last units, at another replica",
    Event.EXPIRED: "the reservation expires before it is committed",
    Event.EAGER: "another replica looks for orders to recover while this one is being worked on",
    Event.TWO_LOOK: "two replicas recover at once",
    Event.FOUND_LATE: "nobody looks for orders to recover until the resume window is over",
}


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault of a call, or an event; `name` says which, and is how a case is asked for."""

    name: str
    call: Call | None = None
    fault: Fault | None = None
    event: Event | None = None

    @property
    def says(self) -> str:
        """One line for people."""
        if self.call is not None and self.fault is not None:
            return f"{self.call.name}: {self.fault.says}"
        return self.event.says if self.event else self.name


def befalling(call: Call, fault: Fault) -> Injection:
    """The fault, at that call."""
    return Injection(f"{call.name}:{fault.name}", call=call, fault=fault)


def happening(event: Event) -> Injection:
    """The event."""
    return Injection(event.value, event=event)


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a base, what belongs to it, and what is injected.

    With a `chance`, how long each request takes and each pause lasts is drawn from it; without, all
    runs have the same.
    """

    base: str
    given: tuple[Injection, ...]
    injected: tuple[Injection, ...]
    chance: int | None = None

    @property
    def id(self) -> str:
        """How it is asked for: `python -m proof --case ID`."""
        injected = "+".join(injection.name for injection in self.injected)
        return f"{self.base}/{injected}" + ("" if self.chance is None else f"@{self.chance}")

    @property
    def all(self) -> tuple[Injection, ...]:
        """Everything that is to happen in it."""
        return (*self.given, *self.injected)

    def has(self, event: Event) -> bool:
        """Whether the event is to happen."""
        return any(injection.event is event for injection in self.all)
