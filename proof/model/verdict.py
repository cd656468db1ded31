"""The two questions: do the rules hold, and does each of them matter?"""

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.saga.step import Step
from proof.model.bounds import PARCELS, SMALL_WORLDS, Bounds
from proof.model.rules import ALL_RULES, Rule
from proof.model.search import Model, Result, Story, search
from proof.model.setup import Setup
from proof.model.state import FINAL
from proof.model.story import story_of
from proof.model.telling import told


@dataclass(frozen=True, slots=True)
class Searched:
    """One search and what it means; `story` leads to what it found, if it found anything."""

    model: Model
    result: Result
    story: Story

    @property
    def bounds(self) -> Bounds:
        """How far it went."""
        return self.model.setup.bounds

    @property
    def lines(self) -> tuple[str, ...]:
        """The story in words, a line for each move."""
        return tuple(told(self.model, self.story))

    @property
    def in_vain(self) -> str:
        """What never happened although it must, in words; empty when the search means something."""
        never = [kind.name for kind in sorted(self.bounds.must_happen - self.result.happened)]
        never += [f"an order that is {status}" for status in sorted(FINAL - self.result.ends)]
        return ", ".join(never)

    @property
    def holds(self) -> bool:
        """Whether everything was seen and nothing was wrong."""
        return self.result.violation is None and not self.in_vain


def searched(
    saga: tuple[Step, ...], rules: frozenset[Rule], bounds: Bounds, *, most_moves: int | None = None
) -> Searched:
    """Search one world; `most_moves`: only for stories that are no longer."""
    model = Model(Setup(saga, rules, bounds))
    result = search(model) if most_moves is None else search(model, most_moves=most_moves)
    return Searched(model, result, story_of(model, result))


def story_without(saga: tuple[Step, ...], rule: Rule) -> Searched | None:
    """How it goes wrong without the rule; None when it does not."""
    return _shortest(saga, rule, SMALL_WORLDS) or _shortest(saga, rule, (PARCELS,))


def _shortest(saga: tuple[Step, ...], without: Rule, worlds: Iterable[Bounds]) -> Searched | None:
    """How it goes wrong without the rule, in the world where that takes the fewest moves."""
    best: Searched | None = None
    for bounds in worlds:
        most_moves = None if best is None else len(best.story) - 1
        found = searched(saga, ALL_RULES - {without}, bounds, most_moves=most_moves)
        if found.result.violation is not None and (
            best is None or len(found.story) < len(best.story)
        ):
            best = found
    return best
