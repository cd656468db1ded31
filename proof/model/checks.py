"""What must hold in every state: section 5 of the protocol, for one order."""

from dataclasses import dataclass
from typing import Final

from orchestrator.domain import OrderStatus
from proof.model.books import ON_THE_SHELF, Books, Held
from proof.model.setup import Setup
from proof.model.state import FINAL, Record, State, Told
from proof.model.words import stands

_MONEY_BACK: Final = frozenset({Held.GONE, Held.GONE_SETTLED})

NEVER_ENDS: Final = "5.4"
"""The number of the violation that no single state shows: what follows it must be told too."""

_MOST_MOVES: Final = 100
"""Of one undisturbed round: five steps, a decision, three undos and an end are 10; more loops."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What does not hold, and which of section 5 says that it must."""

    number: str
    text: str

    def __str__(self) -> str:
        return f"{self.text} ({self.number})"


class Checks:
    """Section 5 under one setup."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._participants = setup.participants
        self._seen: dict[tuple[Record, Books, Told], Violation | None] = {}

    def violation(self, state: State) -> Violation | None:
        """What does not hold in this state, if anything. Workers and network do not matter."""
        key = (state.record, state.books, state.told)
        if key not in self._seen:
            self._seen[key] = self._violation(*key)
        return self._seen[key]

    def _violation(self, record: Record, books: Books, told: Told) -> Violation | None:
        return (
            self._of_books(record.status, books)
            or self._of_stock(books)
            or self._of_promise(record, books, told)
            or self._of_ending(record, books)
        )

    def _of_books(self, status: OrderStatus, books: Books) -> Violation | None:
        participants = self._participants
        for upstream, held in zip(participants.upstreams, books.held, strict=True):
            if status is OrderStatus.CONFIRMED and held not in participants.must_be(upstream):
                return Violation("5.1", f"CONFIRMED, and {stands(upstream, held)}")
            if status is OrderStatus.FAILED and not participants.is_clean(held):
                return Violation("5.2", f"FAILED, and {stands(upstream, held)}")
        if self._is_given_away(books):
            return Violation("docs/recovery.md", "the money is back while the parcel is out")
        return None

    def _is_given_away(self, books: Books) -> bool:
        shipment = books.held[self._participants.place_of("shipping")]
        payment = books.held[self._participants.place_of("payment")]
        return shipment is Held.OUT and payment in _MONEY_BACK

    def _of_stock(self, books: Books) -> Violation | None:
        reservation = books.held[self._participants.place_of("inventory")]
        sold = reservation is Held.SETTLED
        if reservation is not Held.TWICE and books.on_hand != ON_THE_SHELF - sold:
            return Violation("5.5", f"{books.on_hand} on hand and {int(sold)} sold")
        return None

    def _of_promise(self, record: Record, books: Books, told: Told) -> Violation | None:
        status = record.status
        back = status in {OrderStatus.COMPENSATING, OrderStatus.FAILED}
        if told is Told.CONFIRMED and back:
            return Violation("5.6", f"the client was told 201, and the order is {status}")
        if told is Told.FAILED and status is OrderStatus.CONFIRMED:
            return Violation("5.6", "the client was told that it failed, and it is CONFIRMED")
        if told is Told.ACCEPTED and back:
            text = f"the client was told 202, nothing was refused since, and the order is {status}"
            return Violation("2, 5.6", text)
        if told is Told.ACCEPTED and books.held[self._participants.place_of("payment")] not in {
            Held.SETTLED,
            Held.TWICE,
        }:
            return Violation("2, 5.6", "the client was told 202, and is not charged")
        return None

    def _of_ending(self, record: Record, books: Books) -> Violation | None:
        """From here, one worker that nothing disturbs must bring the order to its end."""
        if record.status in FINAL:
            return None
        if all(self._ends(record, books, too_old=old) for old in {record.old, True}):
            return None
        return Violation(NEVER_ENDS, f"{record.status} for ever, though nothing fails any more")

    def _ends(self, record: Record, books: Books, *, too_old: bool) -> bool:
        beliefs = self._setup.beliefs
        books = self._participants.with_parcel_back(books)
        belief = beliefs.inherited(record.status, pivot=record.pivot, too_old=too_old)
        for _ in range(_MOST_MOVES):
            plan = beliefs.plans[belief]
            if plan.call is not None:
                books, done = self._participants.apply(plan.call, books)
                belief = beliefs.answered(belief, done=done)
            elif plan.write is not None and plan.write.keeps:
                belief = beliefs.written(belief)
            else:
                return plan.write is not None and plan.write.status in FINAL
        return False
