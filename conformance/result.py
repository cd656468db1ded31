"""What came of a check."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.answer import Answer
from conformance.check import Check, Wording
from conformance.violation import Violation


class Outcome(StrEnum):
    """Not checked is never passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Result:
    """One check of one run. `violation` of a failed one, `reason` of one that was not checked.

    `wanted`: it was not checked although all was given that it needs, such as a restart command.
    """

    check: Check[Any]
    wording: Wording
    outcome: Outcome
    took_s: float = 0.0
    violation: Violation | None = None
    story: tuple[Answer, ...] = ()
    reason: str = ""
    wanted: bool = False


def count(results: list[Result], outcome: Outcome) -> int:
    """Return how many ended so."""
    return sum(result.outcome is outcome for result in results)


def summary(results: list[Result]) -> str:
    """Return the line that a run ends with."""
    return ", ".join(f"{count(results, outcome)} {outcome}" for outcome in Outcome)


def checked(results: list[Result]) -> bool:
    """Whether something was checked, and all that was asked for."""
    made = [result for result in results if result.outcome is not Outcome.NOT_CHECKED]
    return bool(made) and not any(result.wanted for result in results)


def conforms(results: list[Result]) -> bool:
    """Whether nothing failed."""
    return count(results, Outcome.FAILED) == 0
