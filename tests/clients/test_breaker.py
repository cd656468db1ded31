"""The circuit breaker: what it is told decides whom it lets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.breaker import CircuitBreaker, State


class _Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _breaker(*, failures: int = 3, open_s: float = 5) -> tuple[CircuitBreaker, _Clock]:
    clock = _Clock()
    return CircuitBreaker(failures=failures, open_s=open_s, clock=clock), clock


def _fail(breaker: CircuitBreaker, times: int = 3) -> None:
    for _ in range(times):
        breaker.failed(breaker.era)


def test_a_new_circuit_is_closed() -> None:
    """Everybody passes, and there is nothing to wait for."""
    breaker, _ = _breaker()

    assert State.CLOSED is breaker.state
    assert breaker.admits("a")
    assert breaker.admits("b")
    assert 0.0 == breaker.wait_s


def test_failures_in_a_row_open_it() -> None:
    """The last of them does, not one before."""
    breaker, _ = _breaker(failures=3)
    _fail(breaker, 2)
    before = breaker.state
    _fail(breaker, 1)

    assert (State.CLOSED, State.OPEN) == (before, breaker.state)
    assert not breaker.admits("a")
    assert 5.0 == breaker.wait_s


def test_a_success_in_between_begins_the_count_anew() -> None:
    """Only failures in a row count."""
    breaker, _ = _breaker(failures=3)
    _fail(breaker, 2)
    breaker.succeeded(breaker.era)
    _fail(breaker, 2)

    assert State.CLOSED is breaker.state


def test_after_its_pause_one_caller_is_let_through() -> None:
    """The first to ask is the probe, and may ask again; the others may not."""
    breaker, clock = _breaker()
    _fail(breaker)
    clock.now_s += 4.999
    still_open = breaker.admits("early")
    clock.now_s += 0.001

    assert not still_open
    assert State.HALF_OPEN is breaker.state
    assert [True, False, True, False] == [breaker.admits(caller) for caller in "abab"]


def test_the_success_of_the_probe_closes_it() -> None:
    """From then on everybody passes."""
    breaker, clock = _breaker()
    _fail(breaker)
    clock.now_s += 5
    breaker.admits("a")

    breaker.succeeded(breaker.era)

    assert State.CLOSED is breaker.state
    assert breaker.admits("b")


def test_the_failure_of_the_probe_opens_it_again() -> None:
    """For a whole pause, after which somebody else may be the probe."""
    breaker, clock = _breaker()
    _fail(breaker)
    clock.now_s += 5
    breaker.admits("a")

    _fail(breaker, 1)

    assert State.OPEN is breaker.state
    assert 5.0 == breaker.wait_s
    clock.now_s += 5
    assert breaker.admits("b")
    assert not breaker.admits("a")


def test_a_probe_that_ends_without_having_called_makes_room() -> None:
    """The next caller becomes the probe; nobody else's leaving changes that."""
    breaker, clock = _breaker()
    _fail(breaker)
    clock.now_s += 5
    breaker.admits("a")
    breaker.release("b")
    others_leaving = breaker.admits("b")
    breaker.release("a")

    assert not others_leaving
    assert breaker.admits("b")


@pytest.mark.parametrize("result", ["succeeded", "failed"])
def test_a_late_result_of_an_earlier_era_is_ignored(result: str) -> None:
    """A call that began before the circuit changed says nothing of what is now."""
    breaker, clock = _breaker()
    closed_era = breaker.era
    _fail(breaker)
    clock.now_s += 5
    breaker.admits("probe")

    getattr(breaker, result)(closed_era)

    assert State.HALF_OPEN is breaker.state
    assert not breaker.admits("another")


def test_late_failures_do_not_open_a_circuit_that_has_closed() -> None:
    """A burst of old time-outs does not count against an upstream that works again."""
    breaker, clock = _breaker(failures=3)
    old = breaker.era
    _fail(breaker)
    clock.now_s += 5
    breaker.succeeded(breaker.era)

    for _ in range(10):
        breaker.failed(old)

    assert State.CLOSED is breaker.state


def test_failures_while_open_do_not_prolong_it() -> None:
    """Obligatory calls go on failing; the pause ends when it was to end."""
    breaker, clock = _breaker()
    _fail(breaker)
    clock.now_s += 4
    _fail(breaker, 5)
    clock.now_s += 1

    assert breaker.admits("a")


@pytest.mark.parametrize(("failures", "open_s"), [(0, 5), (-1, 5), (1, 0), (1, -1)])
def test_a_circuit_that_could_not_work_is_refused(failures: int, open_s: float) -> None:
    """Bad input fails when it is given."""
    with pytest.raises(ValueError, match="circuit breaker needs"):
        CircuitBreaker(failures=failures, open_s=open_s, clock=_Clock())


_EVENTS = st.sampled_from(["ok", "fail", "late ok", "late fail", "wait", "ask", "leave"])


@given(events=st.lists(st.tuples(_EVENTS, st.sampled_from("abc")), max_size=60))
def test_whatever_happens_there_is_at_most_one_probe(events: list[tuple[str, str]]) -> None:
    """A half-open circuit never lets two callers through, and never locks everybody out."""
    breaker, clock = _breaker(failures=2)
    for event, caller in events:
        match event:
            case "ok":
                breaker.succeeded(breaker.era)
            case "fail":
                breaker.failed(breaker.era)
            case "late ok":
                breaker.succeeded(breaker.era - 1)
            case "late fail":
                breaker.failed(breaker.era - 1)
            case "wait":
                clock.now_s += 2.5
            case "ask":
                breaker.admits(caller)
            case _:
                breaker.release(caller)
        if breaker.state is State.HALF_OPEN:
            assert sum(breaker.admits(each) for each in "abc") == 1
