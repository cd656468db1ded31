"""How a check ends that does not pass."""

from dataclasses import dataclass, field


@dataclass
class Violation(Exception):  # noqa: N818 - what the reader sees is a violation, not an error
    """The service did not keep the rule: what was expected, what was sent and what came."""

    expected: str
    sent: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"expected {self.expected}; came {'; '.join(self.came) or 'nothing'}"


class NotChecked(Exception):  # noqa: N818 - no error: a check that could not be made
    """The check could not be made; the text says why, and what would make it possible."""


class Unusable(Exception):  # noqa: N818 - ends the run with a sentence, no trace
    """Nothing at all can be checked: no service, no access, or arguments that do not fit."""
