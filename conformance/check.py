"""What a check is, and how the checks of one group are written down."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

P = TypeVar("P")
"""What a check works with: a probe of an upstream, or one of a database service."""

Body = Callable[[P], Awaitable[None] | AsyncIterator[None]]


class Severity(StrEnum):
    """MUST: money, stock or an order is lost without it. SHOULD: it costs time or clarity."""

    MUST = "MUST"
    SHOULD = "SHOULD"


@dataclass(frozen=True)
class Check(Generic[P]):
    """One rule, and how it is looked at.

    `body` returns, or raises Violation or NotChecked. One in two halves is an asynchronous
    generator that yields once, where its group's interlude (a restart, a wait) has to happen.
    The texts may name the service's own words, as in {undo}.
    """

    group: str
    name: str
    rule: str
    section: str
    severity: Severity
    matters: str
    fix: str
    services: frozenset[str]
    body: Body[P]

    @property
    def id(self) -> str:
        """`group/name`."""
        return f"{self.group}/{self.name}"

    def worded(self, words: Mapping[str, str]) -> "Wording":
        """Return the texts in the words of one service."""
        return Wording(
            self.rule.format_map(words),
            self.section,
            self.matters.format_map(words),
            self.fix.format_map(words),
        )


@dataclass(frozen=True)
class Wording:
    """A check's texts in the words of one service."""

    rule: str
    section: str
    matters: str
    fix: str


@dataclass
class Group(Generic[P]):
    """The checks of one subject, in the order in which they are made."""

    name: str
    about: str
    services: frozenset[str]
    checks: list[Check[P]] = field(default_factory=list)

    def check(
        self,
        *,
        section: str,
        matters: str,
        fix: str,
        severity: Severity = Severity.MUST,
        services: frozenset[str] | None = None,
    ) -> Callable[[Body[P]], Body[P]]:
        """Make a check of a function: its name is the check's, its docstring the rule."""

        def remember(body: Body[P]) -> Body[P]:
            name = body.__name__.replace("_", "-")
            rule = " ".join((inspect.getdoc(body) or "").split())
            wanted = self.services if services is None else services
            self.checks.append(
                Check(self.name, name, rule, section, severity, matters, fix, wanted, body)
            )
            return body

        return remember
