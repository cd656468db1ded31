"""What is owed is done until it has hit something; every card is dealt before one comes again."""

import random
from collections.abc import Awaitable, Callable

from chaos.deck import Deck
from chaos.diary import Diary, Injection, Kind
from chaos.tracks import Track, rage


def _blow(kind: Kind, *proofs: str | None) -> Callable[[], Awaitable[Injection]]:
    """A blow with these proofs, one after the other."""
    left = list(proofs)

    async def strike() -> Injection:
        return Injection(kind, "somebody", left.pop(0))

    return strike


async def test_a_blow_that_hit_nothing_is_struck_again() -> None:
    """The time is over at once, but one proof is owed; what is not owed is left alone."""
    diary = Diary()
    blows = {
        Kind.REPLICA_KILLED: _blow(Kind.REPLICA_KILLED, None, "hit"),
        Kind.REPLICA_LOST: _blow(Kind.REPLICA_LOST),
    }
    least = {Kind.REPLICA_KILLED: 1, Kind.REPLICA_LOST: 0}
    await rage([Track("replicas", blows)], diary, least, 0.0, random.Random(1))  # noqa: S311 - a seed

    assert {Kind.REPLICA_KILLED: 2} == diary.attempted
    assert 1 == diary.proven[Kind.REPLICA_KILLED]
    assert [None, "hit"] == [injection.proof for injection in diary.injections]


async def test_tracks_go_on_side_by_side() -> None:
    """Each does what it owes."""
    diary = Diary()
    tracks = [Track(kind, {kind: _blow(kind, "hit")}) for kind in (Kind.LINK_CUT, Kind.LINK_SLOW)]
    least = {Kind.LINK_CUT: 1, Kind.LINK_SLOW: 1}
    await rage(tracks, diary, least, 0.0, random.Random(1))  # noqa: S311 - a seed

    assert least == dict(diary.proven)


def test_a_deck_deals_every_card_before_one_comes_again() -> None:
    """Luck decides the order, not whether."""
    deck = Deck("abc", random.Random(1))  # noqa: S311 - a seed
    rounds = [sorted(deck.deal() for _ in range(3)) for _ in range(4)]

    assert [["a", "b", "c"]] * 4 == rounds


def test_a_card_that_cannot_be_played_is_dealt_later() -> None:
    """It stays in the deck; when none can be played, none is dealt."""
    deck = Deck("ab", random.Random(1))  # noqa: S311 - a seed
    first, none = deck.deal_first("b".__eq__), deck.deal_first("b".__eq__)

    assert ("b", None, "a") == (first, none, deck.deal())


def test_the_same_seed_deals_the_same_cards() -> None:
    """A schedule can be repeated."""
    dealt = [[deck.deal() for _ in range(9)] for deck in (_seeded(7), _seeded(7), _seeded(8))]

    assert dealt[0] == dealt[1] != dealt[2]


def _seeded(seed: int) -> Deck[str]:
    return Deck("abcdef", random.Random(seed))  # noqa: S311 - a seed
