"""How a failed call is told: what is known, in words that give nothing away."""

from typing import Any

import pytest

from clients.errors import (
    Busy,
    CircuitOpen,
    Faulty,
    OutOfTime,
    Rejected,
    Unreachable,
    UpstreamError,
)
from orchestrator.saga.failure import describe, explain, in_words, outcome_of, presentable
from orchestrator.saga.step import Outcome
from orchestrator.saga.table import ORDER_SAGA

STEPS = {step.name: step for step in ORDER_SAGA}


def _rejected(
    status: int, code: str | None = None, body: dict[str, Any] | None = None, service: str = "any"
) -> Rejected:
    return Rejected(service, "do", "no", status=status, code=code, body=body)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Rejected("s", "o", "no"), Outcome.REJECTED),
        (Rejected("s", "o", "no", in_doubt=True), Outcome.REJECTED),
        (Unreachable("s", "o", "silence", in_doubt=True), Outcome.UNKNOWN),
        (Faulty("s", "o", "500", in_doubt=True), Outcome.UNKNOWN),
        (Busy("s", "o", "later", in_doubt=True), Outcome.UNKNOWN),
        (CircuitOpen("s", "o", "open", in_doubt=True), Outcome.UNKNOWN),
        (Unreachable("s", "o", "not connected"), Outcome.UNSENT),
        (CircuitOpen("s", "o", "open"), Outcome.UNSENT),
        (OutOfTime("s", "o", "late"), Outcome.UNSENT),
    ],
)
def test_only_a_rejection_is_a_no(failure: UpstreamError, expected: Outcome) -> None:
    """What may have been carried out is unknown, what certainly was not is unsent."""
    assert expected == outcome_of(failure)


@pytest.mark.parametrize(
    ("step", "rejection", "expected"),
    [
        ("reserve", _rejected(409, "out_of_stock"), (409, "out_of_stock")),
        ("reserve", _rejected(409, "unknown_sku"), (409, "unknown_sku")),
        ("reserve", _rejected(409, None, {"shortages": [{"sku": "a"}]}), (409, "out_of_stock")),
        ("reserve", _rejected(409), (502, "upstream_error")),
        ("reserve", _rejected(410, "cancelled"), (502, "upstream_error")),
        ("reserve", _rejected(400, "bad"), (502, "upstream_error")),
        ("authorize", _rejected(402, "payment_declined"), (402, "payment_declined")),
        ("authorize", _rejected(402), (402, "payment_declined")),
        ("authorize", _rejected(422, "idempotency_key_reused"), (502, "upstream_error")),
        ("ship", _rejected(422, "address_not_served"), (422, "shipment_refused")),
        ("ship", _rejected(409, "no_carrier"), (422, "shipment_refused")),
        ("ship", _rejected(422, "idempotency_key_reused"), (502, "upstream_error")),
        ("ship", _rejected(410, "cancelled"), (502, "upstream_error")),
        ("ship", _rejected(403), (502, "upstream_error")),
        ("capture", _rejected(402), (402, "payment_declined")),
        ("capture", _rejected(409, "voided"), (502, "upstream_error")),
        ("commit", _rejected(409, "expired"), (502, "upstream_error")),
    ],
)
def test_a_refusal_is_told_as_the_protocol_has_it(
    step: str, rejection: Rejected, expected: tuple[int, str]
) -> None:
    """Refusals that are the customer's have their own code; the others are the upstream's fault."""
    failure = explain(STEPS[step], rejection)

    assert expected == (failure.status, failure.code)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Faulty("payment", "o", "answered 500"), (502, "upstream_error")),
        (Unreachable("payment", "o", "not connected"), (503, "upstream_unavailable")),
        (CircuitOpen("payment", "o", "open"), (503, "upstream_unavailable")),
        (Busy("payment", "o", "later"), (503, "upstream_unavailable")),
        (OutOfTime("payment", "o", "late"), (504, "deadline_exceeded")),
        (Unreachable("payment", "o", "silence", out_of_time=True), (504, "deadline_exceeded")),
        (Faulty("payment", "o", "500", out_of_time=True), (504, "deadline_exceeded")),
    ],
)
def test_trouble_is_told_as_the_protocol_has_it(
    failure: UpstreamError, expected: tuple[int, str]
) -> None:
    """Nonsense is 502, no connection 503, no time left 504."""
    told = explain(STEPS["authorize"], failure)

    assert expected == (told.status, told.code)
    assert "payment" in told.detail


def test_what_the_upstream_asked_to_wait_is_passed_on() -> None:
    """The Retry-After of a busy upstream becomes the one of the answer."""
    told = explain(STEPS["ship"], Busy("shipping", "ship", "later", retry_after_s=7.0))

    assert 7.0 == told.retry_after_s


def test_shortages_are_reduced_to_what_the_contract_says() -> None:
    """Only sku, requested and available of each line are shown, and only of the right kind."""
    body = {
        "shortages": [
            {"sku": "A", "requested": 3, "available": 1, "warehouse": "db-7.internal"},
            {"sku": 7, "requested": "3", "available": None},
            "nonsense",
            {"sku": "B\x00\n"},
        ]
    }

    failure = explain(STEPS["reserve"], _rejected(409, "out_of_stock", body))

    expected = [{"sku": "A", "requested": 3, "available": 1}, {}, {"sku": "B  "}]
    assert {"shortages": expected} == failure.extra


@pytest.mark.parametrize("listed", [None, "all", 7, {"sku": "A"}])
def test_shortages_that_are_no_list_are_none(listed: object) -> None:
    """An upstream that says `out_of_stock` in its own way is still understood."""
    failure = explain(STEPS["reserve"], _rejected(409, "out_of_stock", {"shortages": listed}))

    assert {"shortages": []} == failure.extra


def test_a_list_of_shortages_is_cut() -> None:
    """No more lines are quoted than an order has."""
    body = {"shortages": [{"sku": str(number)} for number in range(5000)]}

    failure = explain(STEPS["reserve"], _rejected(409, "out_of_stock", body))

    assert 100 == len(failure.extra["shortages"])


def test_the_upstream_member_says_who_what_and_how_often() -> None:
    """It has the six members of the protocol."""
    failure = Faulty("payment", "capture", "answered 500", status=500, code="boom", attempts=4)

    assert {
        "service": "payment",
        "operation": "capture",
        "status": 500,
        "code": "boom",
        "detail": "answered 500",
        "attempts": 4,
    } == describe(failure)


@pytest.mark.parametrize("code", ["Bad Code", "x" * 65, "a-b", "", "<b>", "a\nb", "7up"])
def test_a_code_that_is_no_stable_word_is_not_shown(code: str) -> None:
    """What stands in `code` is a word or nothing."""
    assert describe(_rejected(409, code))["code"] is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("all good", "all good"),
        ("crème brûlée 漢字", "crème brûlée 漢字"),
        ("line\none\r\ttwo", "line one  two"),
        ("\x1b[31mred\x1b[0m", " [31mred [0m"),
        ("nul\x00 del\x7f csi\x9b", "nul  del  csi "),
        ("lone \ud800 surrogate", "lone   surrogate"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_strangers_text_is_made_presentable(said: str, shown: str) -> None:
    """Control characters and lone surrogates become spaces, and what is long is cut."""
    assert shown == presentable(said)


def test_an_event_line_names_status_and_reason() -> None:
    """The line for a person has who, what, status and a presentable reason."""
    with_status = Faulty("payment", "refund", "on\nfire", status=503)
    without = Unreachable("payment", "refund", "could not connect")

    assert "payment refund: 503 on fire" == in_words(with_status)
    assert "payment refund: could not connect" == in_words(without)
