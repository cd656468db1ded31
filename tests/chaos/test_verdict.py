"""The verifier can fail: evidence that is in order is accepted, doctored evidence is not."""

from collections.abc import Callable
from typing import Final

import pytest

from chaos.attempt import Attempt, Look
from tests.chaos.day import Day
from tests.chaos.doctored import DOCTORED

_GONE: Final = "00000000-0000-4000-8000-0000000000ff"


def test_evidence_in_order_is_accepted() -> None:
    """Nothing is found where there is nothing."""
    assert [] == Day().violations


@pytest.mark.parametrize(
    ("rule", "doctor"), DOCTORED, ids=[f"{rule}{how.__name__}" for rule, how in DOCTORED]
)
def test_doctored_evidence_is_rejected(rule: str, doctor: Callable[[Day], None]) -> None:
    """Each way in which a rule can be broken is found, and put down to that rule."""
    day = Day()
    doctor(day)

    assert rule in day.rules_broken()


def test_an_order_that_was_withdrawn_may_have_been_in_progress() -> None:
    """A duplicate was told to wait for it; nothing was done for it, and nobody was promised it."""
    day = Day()
    _told_that_in_progress(day)
    day.looks.append(Look(_GONE, None))

    assert set() == day.rules_broken()


def test_a_charge_may_fail_later_for_a_refusal() -> None:
    """A 202 does not say that the last step cannot be refused, only that trouble is overcome."""
    day = Day()
    told = _accepted(day)
    day.order_of(day.bad)["failure"] = {
        "code": "upstream_error",
        "upstream": {"status": 409, "code": "expired"},
    }

    assert 202 == told.status
    assert set() == day.rules_broken() - {"API"}


def test_where_nobody_looked_nothing_is_held_against_an_answer() -> None:
    """Only a share of the answers is checked against the services at once."""
    day = Day()
    day.good.books = None

    assert set() == day.rules_broken()


def _told_that_in_progress(day: Day) -> None:
    told = day.tell(
        day.bad,
        code="order_in_progress",
        orderId=_GONE,
        orderStatus="PENDING",
        compensation="pending",
        status=409,
    )
    told.status = 409
    told.headers = {**told.headers, "location": f"/orders/{_GONE}", "retry-after": "1"}


def _accepted(day: Day) -> Attempt:
    told = day.tell(day.bad)
    told.status, told.books = 202, None
    told.document = {**day.order_of(day.bad), "status": "PENDING"}
    return told
