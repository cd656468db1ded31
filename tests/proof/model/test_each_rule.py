"""Without any one rule the protocol breaks, and the story of how can be followed."""

from functools import cache
from pathlib import Path

import pytest

from orchestrator.saga.table import ORDER_SAGA
from proof.model.checks import NEVER_ENDS
from proof.model.rules import Rule
from proof.model.state import FINAL
from proof.model.verdict import Searched, story_without

PAGE = Path(__file__).parents[3].joinpath("docs/model.md").read_text()

NUMBERS = {
    Rule.TOMBSTONES: "5.2",
    Rule.UNDO_ANYTHING: "5.4",
    Rule.SAME_KEYS: "5.2",
    Rule.UNDO_IN_DOUBT: "5.2",
    Rule.ALL_BEGUN: "5.2",
    Rule.DECISION_FIRST: "5.1",
    Rule.UNDO_IN_REVERSE: "docs/recovery.md",
    Rule.UNDO_NOT_DROPPED: "5.2",
    Rule.PIVOT_FORWARD: "2, 5.6",
    Rule.PIVOT_RECORDED: "2, 5.6",
    Rule.REFUSAL_GOES_BACK: "5.4",
    Rule.VERSION_CHECK: "5.2",
    Rule.FENCE: "5.2",
    Rule.NO_WAY_BACK: "5.1",
    Rule.LOSER_STOPS: "5.6",
    Rule.ANSWER_LAST: "5.6",
}
"""What each rule is there for: the promise that is broken first without it."""


@cache
def broken_without(rule: Rule) -> Searched:
    """How it goes wrong without the rule."""
    found = story_without(ORDER_SAGA, rule)
    assert found is not None
    return found


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_it_breaks(rule: Rule) -> None:
    """A promise is broken: the one that the rule is there for."""
    violation = broken_without(rule).result.violation

    assert violation is not None
    assert NUMBERS[rule] == violation.number


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_every_line_of_the_story_is_a_legal_move(rule: Rule) -> None:
    """Each move of the story is among those that the state before it allows."""
    found = broken_without(rule)
    before = found.model.start()

    assert len(found.lines) == len(found.story) > 0
    for move, after in found.story:
        assert (move, after) in list(found.model.moves(before))
        before = after


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_the_story_ends_where_the_promise_is_broken(rule: Rule) -> None:
    """No state of the story violates anything but the last; who never ends is left unfinished."""
    found = broken_without(rule)
    *before, last = [found.model.checks.violation(state) for _, state in found.story]

    if found.result.violation is not None and found.result.violation.number == NEVER_ENDS:
        assert found.story[-1][1].record.status not in FINAL
        assert found.result.violation in before
    else:
        assert [None] * len(before) == before
        assert found.result.violation == last


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_the_page_says_what_was_found(rule: Rule) -> None:
    """The row of docs/model.md is the rule, the length of its story, where, and what breaks."""
    found = broken_without(rule)
    told = f"{rule.section} | {len(found.story)} | {found.bounds.name} | {found.result.violation}"

    assert f"\n| `{rule.name}`: {rule.statement} | {told} |\n" in PAGE


@pytest.mark.parametrize("rule", [Rule.TOMBSTONES, Rule.DECISION_FIRST], ids=lambda rule: rule.name)
def test_the_page_tells_the_story(rule: Rule) -> None:
    """The stories of docs/model.md are those that are found."""
    lines = [f"    {number:2} {line}" for number, line in enumerate(broken_without(rule).lines, 1)]

    assert "\n".join(lines) in PAGE


def test_the_story_of_the_late_request() -> None:
    """Workers have names, moves have effects, and the last line is the harm."""
    found = broken_without(Rule.TOMBSTONES)

    assert (
        "w1 sends reserve and hears nothing; the request is still on its way",
        "w1 sends reserve again: refused",
        "w1 writes COMPENSATING",
        "w1 sends release: answered yes, the reservation is unknown",
        "the late reserve arrives: the reservation is reserved",
        "w1 writes FAILED, and the client is told that the order failed",
    ) == found.lines


def test_the_fence_matters_where_upstreams_forget() -> None:
    """Tombstones kept for good stop a sleeping worker as well as the fence does."""
    found = broken_without(Rule.FENCE)

    assert "much later, the upstreams have forgotten the order" in found.lines
