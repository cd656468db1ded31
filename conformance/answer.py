"""One request and what came of it, and what may be expected of that."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from conformance.violation import Violation

KEY_HEADER: Final = "X-Idempotency-Key"
_SHOWN: Final = 600
"""Characters of a body that a report shows: enough for any answer of the contract."""

TRANSIENT: Final = frozenset({408, 425, 429})
"""The 4xx that are not final (section 3, rule 4)."""


@dataclass(frozen=True)
class Request:
    """What was sent. Headers given on the command line are secrets: they are not kept here."""

    method: str
    path: str
    key: str | None = None
    body: Any = None

    def lines(self) -> list[str]:
        """Return it as a report shows it."""
        key = f"  {KEY_HEADER}: {self.key}" if self.key else ""
        body = [] if self.body is None else [shortened(as_text(self.body))]
        return [f"{self.method} {self.path}{key}", *body]


@dataclass(frozen=True)
class Answer:
    """What came: the answer to one request."""

    request: Request
    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str

    @functools.cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object; empty when the answer is no JSON object."""
        try:
            parsed = json.loads(self.text)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def final_refusal(self) -> bool:
        """Whether it says: rejected, nothing happened."""
        return 400 <= self.status < 500 and self.status not in TRANSIENT  # noqa: PLR2004 - the 4xx class

    def lines(self) -> list[str]:
        """Return it as a report shows it."""
        media = f"  {self.media_type}" if self.media_type else ""
        return [f"{self.status}{media}", *([shortened(self.text)] if self.text else [])]

    def violates(self, expected: str) -> Violation:
        """Return the violation: this came, `expected` was due."""
        return Violation(expected, self.request.lines(), self.lines())

    def expect(self, *statuses: int, **members: object) -> Self:
        """Raise Violation unless the status is one of these and each member has its value.

        A member's value may be a tuple of the values that are allowed.
        """
        wanted = " or ".join(map(str, statuses))
        allowed = {name: v if isinstance(v, tuple) else (v,) for name, v in members.items()}
        told = [f"{name} {' or '.join(map(_canonical, v))}" for name, v in allowed.items()]
        if self.status not in statuses or any(
            not _equal_to_one(self.body.get(name), values) for name, values in allowed.items()
        ):
            raise self.violates(" with ".join([wanted, ", ".join(told)] if told else [wanted]))
        return self

    def expect_refusal(self, *statuses: int, codes: tuple[str, ...] = ()) -> Self:
        """Raise Violation unless it is a final refusal: of these statuses, with one of the codes.

        Without statuses any final 4xx will do. The form of the document is another check's.
        """
        code = f" with code {' or '.join(codes)}" if codes else ""
        if statuses and (self.status not in statuses or not self._has_code(codes)):
            raise self.violates(" or ".join(map(str, statuses)) + code)
        if not self.final_refusal:
            raise self.violates("a final 4xx (not 408, 425 or 429)" + code)
        return self

    def expect_repeat_of(self, first: "Answer") -> Self:
        """Raise Violation unless status and body are those of the first answer."""
        if self.status != first.status or _canonical(self.body) != _canonical(first.body):
            raise self.violates(f"the first answer again: {' '.join(first.lines())}")
        return self

    def _has_code(self, codes: tuple[str, ...]) -> bool:
        return not codes or self.body.get("code") in codes


def _equal_to_one(value: object, allowed: tuple[object, ...]) -> bool:
    return any(_canonical(value) == _canonical(one) for one in allowed)


def _canonical(value: object) -> str:
    """Return the JSON: in Python True == 1 and 1 == 1.0, on the wire they are three things."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def as_text(value: object) -> str:
    """Return a body or a value as it goes over the wire."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def shortened(text: str) -> str:
    """Return the text on one line, cut where a report would drown in it."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}… ({len(line)} characters)"
