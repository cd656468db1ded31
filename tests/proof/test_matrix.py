"""The matrix is complete: its counts are what the sizes of its tables multiply to."""

from dataclasses import replace

from orchestrator.saga.step import Undo
from orchestrator.saga.table import ORDER_SAGA
from proof import faults
from proof.calls import RECORD_CALLS, calls_of
from proof.cases import Event
from proof.matrix import all_cases, bases, every_injection, find_case


def test_the_injections_are_calls_times_faults_and_the_events() -> None:
    """Five steps, three undos, seven calls of the record; each with all that can befall it."""
    of_participants = (5 + 3) * len(faults.OF_A_PARTICIPANT)
    of_the_record = len(RECORD_CALLS) * len(faults.OF_THE_RECORD)

    injections = every_injection(ORDER_SAGA)

    assert of_participants + of_the_record + len(Event) == len(injections)
    assert len(injections) == len({injection.name for injection in injections})


def test_every_base_is_nothing_each_and_every_pair() -> None:
    """1 + n + n(n-1)/2 runs, all of them different."""
    for base in bases(ORDER_SAGA):
        n = len(base.injections)
        ids = [case.id for case in base.cases()]

        assert 1 + n + n * (n - 1) // 2 == len(ids) == base.runs
        assert len(ids) == len(set(ids))


def test_the_first_base_meets_every_injection() -> None:
    """So every pair of injections there is runs at least once."""
    assert every_injection(ORDER_SAGA) == bases(ORDER_SAGA)[0].injections


def test_a_new_step_is_met_unasked() -> None:
    """One more step with an undo adds two calls, and to the first base all pairs with them."""
    step = replace(ORDER_SAGA[2], name="screen", undo=Undo("drop", ORDER_SAGA[2].action))
    longer = (*ORDER_SAGA[:2], step, *ORDER_SAGA[2:])
    n = len(every_injection(ORDER_SAGA)) + 2 * len(faults.OF_A_PARTICIPANT)

    assert {"screen", "drop"} <= {call.name for call in calls_of(longer)}
    assert 1 + n + n * (n - 1) // 2 == bases(longer)[0].runs


def test_a_case_is_found_by_its_id() -> None:
    """What a red run prints is what `--case` takes."""
    cases = list(all_cases(ORDER_SAGA))

    assert cases[::997] == [find_case(ORDER_SAGA, case.id) for case in cases[::997]]
