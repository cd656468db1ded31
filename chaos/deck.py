"""Chance that keeps its promises: every card is dealt before any is dealt again."""

import random
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


def chance(rng: random.Random, share: float) -> bool:
    """True in `share` of all cases (0 to 1)."""
    return rng.random() < share


class Deck(Generic[T]):
    """Cards in a random order, shuffled anew when all have been dealt; a card may be in it twice.

    Drawing each time from all of them would leave it to luck whether a short storm meets them all.
    """

    def __init__(self, cards: Sequence[T], rng: random.Random) -> None:
        self._cards = tuple(cards)
        self._rng = rng
        self._left: list[T] = []

    def deal(self) -> T:
        """The next card."""
        self._shuffle_if_empty()
        return self._left.pop()

    def deal_first(self, playable: Callable[[T], bool]) -> T | None:
        """The next card that can be played, or None; the others are dealt later."""
        self._shuffle_if_empty()
        chosen = next((card for card in reversed(self._left) if playable(card)), None)
        if chosen is not None:
            self._left.remove(chosen)
        return chosen

    def _shuffle_if_empty(self) -> None:
        if not self._left:
            self.shuffle()

    def shuffle(self) -> None:
        """Begin anew, whatever has not been dealt yet."""
        self._left = self._rng.sample(self._cards, len(self._cards))
