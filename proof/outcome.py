"""What came of a run."""

from dataclasses import dataclass, field

from proof.audit import Answered
from proof.books import Books
from proof.cases import Case
from proof.violation import Violation
from proof.witness import Sent


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    case: Case
    books: Books
    sent: list[Sent]
    answered: list[Answered]
    notes: list[tuple[float, str]]
    fired: dict[str, bool]
    """Of every injection of the case: whether it really happened."""
    met: frozenset[str] = frozenset()
    """The calls that were made while a fault could have befallen them."""
    violations: list[Violation] = field(default_factory=list)

    @property
    def statuses(self) -> str:
        """How the orders ended, for counting."""
        return "+".join(sorted(record.status for record in self.books.orders.values())) or "none"
