"""The status table of PROTOCOL section 2, as a check of one answer to POST /orders."""

from http import HTTPStatus
from typing import Final

from chaos.attempt import Attempt

_TABLE: Final = {
    (409, "order_in_progress"),
    (422, "idempotency_key_reused"),
    (409, "out_of_stock"),
    (409, "unknown_sku"),
    (402, "payment_declined"),
    (422, "shipment_refused"),
    (502, "upstream_error"),
    (503, "upstream_unavailable"),
    (504, "deadline_exceeded"),
    (503, "overloaded"),
}
"""What a valid request may be answered; the rows for bad ones are asked for by bad ones."""

_MEMBERS: Final = {"type", "title", "status", "detail", "code", "compensation"}
_ORDER: Final = {
    "id",
    "status",
    "userId",
    "address",
    "currency",
    "items",
    "total",
    "reservationId",
    "paymentId",
    "shipmentId",
    "createdAt",
    "updatedAt",
}
_WITH_RETRY_AFTER: Final = {"order_in_progress", "upstream_unavailable", "overloaded"}
_BEFORE_AN_ORDER: Final = {"overloaded", "idempotency_key_reused"}
_OF_AN_ORDER: Final = {
    "order_in_progress",
    "out_of_stock",
    "unknown_sku",
    "payment_declined",
    "shipment_refused",
}
_PENDING: Final = {"PENDING", "COMPENSATING"}


def wrongs_of_answer(attempt: Attempt) -> list[str]:
    """What is wrong with an answer by itself, not knowing what came of the order."""
    if not attempt.wellformed or not isinstance(attempt.document, dict):
        return ["the body is not a JSON object"]
    if attempt.status in {HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
        return _wrongs_of_order(attempt)
    if (attempt.status, attempt.code) not in _TABLE:
        return [f"not in the table: {attempt.document}"]
    return _wrongs_of_problem(attempt) + _wrongs_of_reason(attempt)


def _wrongs_of_order(attempt: Attempt) -> list[str]:
    document = attempt.document
    wrongs = [f"no {name}" for name in _ORDER - set(document)]
    right = "CONFIRMED" if attempt.status == HTTPStatus.CREATED else "PENDING"
    if document.get("status") != right:
        wrongs.append(f"status {document.get('status')}")
    if attempt.headers.get("location") != f"/orders/{attempt.order_id}":
        wrongs.append(f"Location {attempt.headers.get('location')}")
    if attempt.wish.hopeless:
        wrongs.append(f"this can never be confirmed: {attempt.wish}")
    return wrongs


def _wrongs_of_problem(attempt: Attempt) -> list[str]:
    document, headers = attempt.document, attempt.headers
    code = str(attempt.code)
    wrongs = [f"no {name}" for name in _MEMBERS - set(document)]
    if not headers.get("content-type", "").startswith("application/problem+json"):
        wrongs.append(f"Content-Type {headers.get('content-type')}")
    if document.get("status") != attempt.status:
        wrongs.append(f"the body says {document.get('status')}")
    if code in _WITH_RETRY_AFTER and not headers.get("retry-after", "").isdigit():
        wrongs.append("no Retry-After")
    if attempt.order_id is None:
        if code in _OF_AN_ORDER:
            wrongs.append("no orderId")
        return wrongs
    return wrongs + _wrongs_about_order(attempt, code)


def _wrongs_about_order(attempt: Attempt, code: str) -> list[str]:
    document = attempt.document
    wrongs = ["there is no order yet"] if code in _BEFORE_AN_ORDER else []
    status, compensation = document.get("orderStatus"), document.get("compensation")
    pending = status in _PENDING
    if pending != (compensation == "pending") or status == "CONFIRMED":
        wrongs.append(f"the order is {status}, its compensation {compensation}")
    if attempt.headers.get("location") != f"/orders/{attempt.order_id}":
        wrongs.append(f"Location {attempt.headers.get('location')}")
    return wrongs


def _wrongs_of_reason(attempt: Attempt) -> list[str]:
    """A refusal must be one that our upstreams gave; theirs follow from the wish."""
    wanted, document = attempt.wish, attempt.document
    possible = {
        "out_of_stock": wanted.scarce,
        "unknown_sku": wanted.unknown_sku,
        "payment_declined": wanted.declined,
        "shipment_refused": wanted.unserved,
    }
    wrongs = [] if possible.get(str(attempt.code), True) else [f"no reason to: {wanted}"]
    if attempt.code in {"out_of_stock", "unknown_sku"} and not document.get("shortages"):
        wrongs.append("no shortages")
    if attempt.code == "upstream_error" and not document.get("upstream"):
        wrongs.append("no upstream")
    return wrongs
