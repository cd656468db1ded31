"""A run does what its case says, and the same every time."""

from dataclasses import replace

import pytest

import app
from orchestrator.saga.table import ORDER_SAGA
from proof.calls import calls_of
from proof.campaign import is_decided_by
from proof.matrix import every_injection, find_case
from proof.outcome import Outcome
from proof.report import vacuous
from proof.stage import Stage
from proof.story import tell
from proof.tally import Tally
from proof.world import World

DRAMATIC = [
    "well/",
    "well/capture:slow+refund:refused",
    "well/ship:belated+asked-elsewhere",
    "well/capture:sleep-before-long",
    "well/commit:unavailable+finish:lost",
    "refused/refund:crash-after+two-look",
    "taken-over/claim:slow",
    "in-doubt/asked-again",
]
"""Cases that between them use most of what a run can meet."""


def events(outcome: Outcome) -> list[str]:
    """The lines of the story that tell what was sent and said."""
    return [line for line in tell(outcome).splitlines() if " s " in line[:14]]


def play(stage: Stage, name: str) -> Outcome:
    """Play the case of this id."""
    return stage.play(find_case(ORDER_SAGA, name))


@pytest.mark.parametrize(
    ("base", "ended", "told"),
    [
        ("well", "CONFIRMED", [201]),
        ("refused", "FAILED", [502]),
        ("taken-over", "FAILED", [409]),
        ("parked", "CONFIRMED", [202]),
        ("in-doubt", "none", [503]),
    ],
)
def test_the_bases_go_as_they_should(stage: Stage, base: str, ended: str, told: list[int]) -> None:
    """Without an injection, each base ends as its description says, and nothing is broken."""
    outcome = play(stage, f"{base}/")

    assert [] == outcome.violations
    assert ended == outcome.statuses
    assert told == [answer.told.status for answer in outcome.answered]
    assert all(outcome.fired.values())


def test_a_good_order_takes_two_durable_writes_and_a_failed_one_three(stage: Stage) -> None:
    """Creating and confirming; creating, deciding and ending."""
    records = {call.name for call in calls_of(ORDER_SAGA)} & {"create", "decide", "park", "finish"}

    def written(base: str) -> list[str]:
        return [sent.call for sent in play(stage, base).sent if sent.call in records]

    assert ["create", "finish"] == written("well/")
    assert ["create", "decide", "finish"] == written("refused/")


@pytest.mark.parametrize("name", DRAMATIC)
def test_a_run_is_the_same_every_time(stage: Stage, name: str) -> None:
    """The same story to the millisecond, whatever was played before it."""
    first = tell(play(stage, name))
    play(stage, "well/reserve:garbage")

    assert first == tell(play(stage, name))


@pytest.mark.parametrize("name", DRAMATIC)
def test_the_short_way_past_httpx_is_no_other_way(stage: Stage, name: str) -> None:
    """Over httpx, with app.py's own wiring of the clients, the story is the same."""
    with Stage(World(connect=app.connect)) as long_way:
        told = tell(play(long_way, name))

    assert tell(play(stage, name)) == told


@pytest.mark.parametrize(
    ("pair", "shorter"),
    [
        ("well/reserve:lost+cancel:crash-before", "well/reserve:lost"),
        ("well/refund:slow+ship:sleep-before", "well/ship:sleep-before"),
        ("well/abandon:refused+cancel:sleep-after-long", "well/abandon:refused"),
        ("refused/cancel:late+park:crash-after", None),
    ],
)
def test_a_pair_is_only_left_out_when_it_is_the_run_of_one(
    stage: Stage, pair: str, shorter: str | None
) -> None:
    """What is not played would have been, line by line, what was."""
    case = find_case(ORDER_SAGA, pair)
    alone = [replace(case, injected=(injection,)) for injection in case.injected]
    decided_by = is_decided_by(case, {one.id: stage.play(one).met for one in alone})

    assert shorter == decided_by
    if shorter is not None:
        assert events(stage.play(case)) == events(play(stage, shorter))


def test_what_never_happens_alone_is_an_error() -> None:
    """A matrix with an injection that no run comes to says so: it would prove nothing."""
    tally = Tally()
    tally.alone.update(injection.name for injection in every_injection(ORDER_SAGA))
    del tally.alone["refund:lost"]

    assert ["refund:lost"] == vacuous(tally, ORDER_SAGA)
