"""The verifier can fail: books that are in order are accepted, doctored ones are not."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from tests.storm.attempt import Look
from tests.storm.audit import audit
from tests.storm.contract import Journal
from tests.storm.doctored import DOCTORED, Day, a_day
from tests.storm.report import Result
from tests.storm.weather import Fault
from tests.storm.world import Plan


@pytest.fixture
def day() -> Day:
    """Give a day on which all went well."""
    return asyncio.run(a_day())


def test_books_in_order_are_accepted(day: Day) -> None:
    """Nothing is found where there is nothing, and no upstream has complained."""
    found = audit(day.books.evidence)

    assert [] == found
    assert [] == day.books.journal.complaints


@pytest.mark.parametrize(
    ("rule", "doctor"), DOCTORED, ids=[f"{rule}{how.__name__}" for rule, how in DOCTORED]
)
def test_doctored_books_are_rejected(day: Day, rule: str, doctor: Callable[[Day], None]) -> None:
    """Each way in which a rule can be broken is found, and put down to that rule."""
    doctor(day)

    assert rule in day.rules_broken()


def test_an_order_that_was_withdrawn_may_have_been_in_progress(day: Day) -> None:
    """A duplicate was told to wait for it; nothing was done for it, and nobody was promised it."""
    gone = "00000000-0000-4000-8000-0000000000ff"
    told = day.tell(
        day.bad.attempt,
        code="order_in_progress",
        orderId=gone,
        orderStatus="PENDING",
        compensation="pending",
        status=409,
    )
    told.status = 409
    told.headers = {**told.headers, "location": f"/orders/{gone}", "retry-after": "1"}
    day.books.looks.append(Look(gone, None))

    assert set() == day.rules_broken()


def test_a_storm_that_was_none_is_rejected(day: Day) -> None:
    """Where no fault was met and nobody died, nothing has been shown."""
    calm = Result(
        plan=Plan(seed=0, seconds=1.0),
        evidence=day.books.evidence,
        violations=[],
        journal=Journal(),
        faults={"payment": Counter()},
        blows=Counter(),
        healed_at=0.0,
        spent_s={},
        logs=[],
    )
    missing = "\n".join(calm.missing())

    assert all(str(fault) in missing for fault in Fault)
    assert "replica killed" in missing
    assert "CONFIRMED orders" in missing
