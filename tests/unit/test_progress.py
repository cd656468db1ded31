"""What is known of an order on its way grows by values, and its timeline stays bounded."""

from orchestrator.domain import Event, OrderStatus
from orchestrator.saga.progress import LONGEST_TIMELINE, Progress
from orchestrator.saga.step import Outcome
from orchestrator.saga.table import ORDER_SAGA

RESERVE, AUTHORIZE, SHIP, CAPTURE, COMMIT = ORDER_SAGA


def _event(number: int) -> Event:
    return Event(at="2026-01-01T00:00:00.000Z", kind="event", note=str(number))


def test_the_timeline_is_bounded_and_keeps_beginning_and_end() -> None:
    """Of very many events the first forty and the latest forty stay, in order."""
    progress = Progress()
    for number in range(1000):
        progress = progress.noted(_event(number))

    notes = [int(event.note or "") for event in progress.timeline]

    assert LONGEST_TIMELINE == len(notes)
    assert [*range(40), *range(960, 1000)] == notes


def test_a_full_timeline_loses_nothing() -> None:
    """As many events as there is room for are all kept."""
    progress = Progress()
    for number in range(LONGEST_TIMELINE):
        progress = progress.noted(_event(number))

    assert [str(number) for number in range(LONGEST_TIMELINE)] == [
        event.note for event in progress.timeline
    ]


def test_a_value_is_not_changed_by_what_follows_from_it() -> None:
    """Every change gives a new value and leaves the old one as it was."""
    before = Progress()

    before.acted(RESERVE, Outcome.DONE, begun=True, kept={"a": "1"})
    before.undid(RESERVE, Outcome.DONE)
    before.compensating()
    before.noted(_event(1))

    assert Progress() == before


def test_what_was_begun_and_kept_accumulates() -> None:
    """Each step adds to what the ones before it left."""
    first = Progress().acted(RESERVE, Outcome.DONE, begun=True, kept={"a": "1"})
    second = first.acted(SHIP, Outcome.UNSENT, begun=False, kept={})
    third = second.acted(AUTHORIZE, Outcome.UNKNOWN, begun=True, kept={"b": "2"})

    assert {"reserve": "done", "ship": "unsent", "authorize": "unknown"} == third.acts
    assert frozenset({"reserve", "authorize"}) == third.begun
    assert {"a": "1", "b": "2"} == third.kept


def test_a_successor_counts_every_step_as_begun() -> None:
    """Who took an order over cannot know how far the one before it came."""
    fresh, inherited = Progress(), Progress(inherited=True)

    assert [False] * 5 == [fresh.has_begun(step) for step in ORDER_SAGA]
    assert [True] * 5 == [inherited.has_begun(step) for step in ORDER_SAGA]


def test_the_pivot_is_passed_when_it_is_done_or_written_down() -> None:
    """An unknown capture has not passed it; a done or a recorded one has."""
    unknown = Progress().acted(CAPTURE, Outcome.UNKNOWN, begun=True, kept={})
    done = Progress().acted(CAPTURE, Outcome.DONE, begun=True, kept={})

    assert not Progress().passed_pivot(ORDER_SAGA)
    assert not unknown.passed_pivot(ORDER_SAGA)
    assert done.passed_pivot(ORDER_SAGA)
    assert Progress(pivot_recorded=True).passed_pivot(ORDER_SAGA)


def test_the_decision_to_compensate_is_remembered() -> None:
    """It changes the status and says that there was something to take back."""
    decided = Progress().compensating()

    assert OrderStatus.COMPENSATING == decided.status
    assert decided.compensated


def test_a_later_commit_does_not_undo_the_pivot() -> None:
    """Trouble after the capture leaves it passed."""
    progress = Progress().acted(CAPTURE, Outcome.DONE, begun=True, kept={})
    later = progress.acted(COMMIT, Outcome.UNKNOWN, begun=True, kept={})

    assert later.passed_pivot(ORDER_SAGA)
