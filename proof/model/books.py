"""The participants: what each upstream holds for the one order, and what a request does to it.

The contract's section 3, for one reservation, one payment and one shipment. Which operations there
are, and which undo takes them back, is read from the saga's table.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from orchestrator.saga.step import Step
from proof.model.operations import Effect, Operation, acts_of, undos_of, upstreams_of
from proof.model.rules import Rule


class Held(IntEnum):
    """What one upstream has of the order."""

    ABSENT = 0
    """Never heard of."""
    LIVE = 1
    """Reserved, authorized, created."""
    SETTLED = 2
    """Committed, captured."""
    EXPIRED = 3
    """A reservation that ran out: its units are for sale again."""
    OUT = 4
    """A parcel that has left the warehouse: it cannot be cancelled."""
    GONE = 5
    """Undone, or undone before it came: the tombstone."""
    GONE_SETTLED = 6
    """Undone after it was settled; a repeat of the settling is answered as it once was."""
    TWICE = 7
    """A repeat was taken for something new: there are two."""


class Books(NamedTuple):
    """What the upstreams hold, in `Participants.upstreams`' order, and what lies on the shelf."""

    held: tuple[Held, ...]
    on_hand: int
    reserved: int


ON_THE_SHELF: Final = 1
"""Units at the start: the one that the order is about. What is sold twice is sold from it."""

_WHEN_CONFIRMED: Final[Mapping[str, Held]] = {
    "inventory": Held.SETTLED,
    "payment": Held.SETTLED,
    "shipping": Held.LIVE,
}
"""What a CONFIRMED order has: a committed reservation, a captured payment, a live shipment."""

_CLEAN: Final = frozenset({Held.ABSENT, Held.EXPIRED, Held.GONE, Held.GONE_SETTLED})
_EXISTING: Final = frozenset({Held.LIVE, Held.SETTLED, Held.OUT})


class Participants:
    """The upstreams of a saga, keeping the contract as far as it is among `rules`."""

    def __init__(self, saga: tuple[Step, ...], rules: frozenset[Rule]) -> None:
        self.upstreams = upstreams_of(saga)
        self.calls = (*acts_of(saga).values(), *undos_of(saga).values())
        self._tombstones = Rule.TOMBSTONES in rules
        self._undo_anything = Rule.UNDO_ANYTHING in rules
        self._same_keys = Rule.SAME_KEYS in rules
        self._seen: dict[tuple[Operation, Books], tuple[Books, bool]] = {}

    def untouched(self) -> Books:
        """Before the order."""
        return Books((Held.ABSENT,) * len(self.upstreams), ON_THE_SHELF, 0)

    def apply(self, operation: Operation, books: Books) -> tuple[Books, bool]:
        """The books after the request, and whether it was done (else it was refused)."""
        key = (operation, books)
        if key not in self._seen:
            now = books.held[operation.place]
            then, done = self._change(operation, now)
            self._seen[key] = (self._moved(books, operation.place, then), done)
        return self._seen[key]

    def _moved(self, books: Books, place: int, then: Held) -> Books:
        """The books with one upstream's entry changed, and the shelf with it."""
        now = books.held[place]
        held = (*books.held[:place], then, *books.held[place + 1 :])
        if self.upstreams[place] != "inventory" or now is then:
            return books._replace(held=held)
        on_hand = books.on_hand - (then is Held.SETTLED) + (now is Held.SETTLED)
        taken = (then is Held.LIVE) + (then is Held.TWICE) - (now is Held.LIVE)
        return Books(held, on_hand, books.reserved + taken)

    def with_reservation_expired(self, books: Books) -> Books:
        """The books after a reservation ran out, if it was neither committed nor undone."""
        place = self.place_of("inventory")
        if books.held[place] is not Held.LIVE:
            return books
        return self._moved(books, place, Held.EXPIRED)

    def with_parcel_gone(self, books: Books) -> Books:
        """The books after a parcel left that was ready."""
        place = self.place_of("shipping")
        if books.held[place] is not Held.LIVE:
            return books
        return self._moved(books, place, Held.OUT)

    def with_parcel_back(self, books: Books) -> Books:
        """The books after somebody brought back a parcel that had left."""
        place = self.place_of("shipping")
        if books.held[place] is not Held.OUT:
            return books
        return self._moved(books, place, Held.LIVE)

    @staticmethod
    def is_clean(held: Held) -> bool:
        """Whether no money is kept, nothing shipped, no stock held."""
        return held in _CLEAN

    def must_be(self, upstream: str) -> frozenset[Held]:
        """How the upstream may stand in a CONFIRMED order."""
        required = _WHEN_CONFIRMED.get(upstream)
        if required is None:
            mine = [call.effect for call in self.calls if call.upstream == upstream]
            required = Held.SETTLED if Effect.SETTLE in mine else Held.LIVE
        return frozenset({Held.LIVE, Held.OUT} if required is Held.LIVE else {required})

    def place_of(self, upstream: str) -> int:
        """Where the upstream's entry is."""
        return self.upstreams.index(upstream)

    def _change(self, operation: Operation, now: Held) -> tuple[Held, bool]:
        match operation.effect:
            case Effect.CREATE:
                return self._created(now)
            case Effect.SETTLE:
                return _settled(now)
            case Effect.UNDO:
                return self._undone(now)

    def _created(self, now: Held) -> tuple[Held, bool]:
        if now is Held.ABSENT:
            return Held.LIVE, True
        if now in _EXISTING and not self._same_keys:
            return Held.TWICE, True
        return now, now not in {Held.GONE, Held.GONE_SETTLED}

    def _undone(self, now: Held) -> tuple[Held, bool]:
        match now:
            case Held.ABSENT:
                mark = Held.GONE if self._tombstones and self._undo_anything else Held.ABSENT
                return mark, self._undo_anything
            case Held.OUT:
                return now, False
            case Held.SETTLED:
                return Held.GONE_SETTLED, True
            case Held.LIVE | Held.EXPIRED:
                return Held.GONE, True
            case Held.GONE | Held.GONE_SETTLED | Held.TWICE:
                return now, True


def _settled(now: Held) -> tuple[Held, bool]:
    if now is Held.LIVE:
        return Held.SETTLED, True
    # From memory, also after the undo: only creates are refused for good.
    return now, now in {Held.SETTLED, Held.GONE_SETTLED, Held.TWICE}
