"""Errors as `application/problem+json` (RFC 9457): one table from error to answer."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from clients.errors import Faulty, Rejected, UpstreamError
from orchestrator import errors
from orchestrator.saga.failure import describe

RETRY_AFTER_S: Final = 5.0
"""Retry-After where nobody said better: as long as an open circuit leaves an upstream alone."""

_TITLES: Final[Mapping[str, str]] = {
    "malformed_json": "The body is not JSON",
    "body_too_large": "The body is too large",
    "validation_failed": "The request is not valid",
    "invalid_idempotency_key": "The idempotency key is not valid",
    "idempotency_key_reused": "The idempotency key belongs to another order",
    "overloaded": "This replica takes no more orders now",
    "order_in_progress": "The order is still being worked on",
    "order_not_found": "There is no such order",
    "out_of_stock": "Out of stock",
    "unknown_sku": "An item does not exist",
    "payment_declined": "The payment was declined",
    "shipment_refused": "The shipment was refused",
    "upstream_error": "An upstream service failed",
    "upstream_unavailable": "An upstream service is unavailable",
    "deadline_exceeded": "The order took too long",
    "internal_error": "The order service failed",
}

_BY_ERROR: Final[Mapping[type[errors.OrderServiceError], tuple[int, str]]] = {
    errors.MalformedBodyError: (400, "malformed_json"),
    errors.BodyTooLargeError: (413, "body_too_large"),
    errors.InvalidRequestError: (422, "validation_failed"),
    errors.InvalidKeyError: (400, "invalid_idempotency_key"),
    errors.KeyReusedError: (422, "idempotency_key_reused"),
    errors.OverloadedError: (503, "overloaded"),
    errors.CircuitOpenError: (503, "upstream_unavailable"),
    errors.OrderInProgressError: (409, "order_in_progress"),
    errors.OrderUndecidedError: (504, "deadline_exceeded"),
    errors.OrderNotFoundError: (404, "order_not_found"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document and the headers that go with it.

    `compensation` says what became of what was begun: "none" (nothing was, or nothing is left to
    take back), "completed", or "pending" (the order is not final yet). `keyed`: the request had a
    key.
    """

    status: int
    code: str
    detail: str
    compensation: str = "none"
    order_id: str | None = None
    order_status: str | None = None
    retry_after_s: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    keyed: bool = False

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The answer on the wire; its status is the one in the body."""
        return Response(
            json.dumps(self._document()),
            status_code=self.status,
            media_type="application/problem+json",
            headers={**self._headers(), **(headers or {})},
        )

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": f"urn:problem-type:order-service:{self.code}",
            "title": _TITLES.get(self.code, HTTPStatus(self.status).phrase),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "compensation": self.compensation,
            "retry": self._retry(),
        }
        if self.order_id is not None:
            document |= {"orderId": self.order_id, "orderStatus": self.order_status}
        return document | dict(self.extra)

    def _headers(self) -> dict[str, str]:
        headers = {}
        if self.order_id is not None:
            headers["Location"] = f"/orders/{self.order_id}"
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        return headers

    def _retry(self) -> dict[str, bool]:
        """Whether to ask again is safe, and whether it takes a new key.

        A final failure is repeated under its key, so a new try needs a new one. While the end is
        open only the same key keeps a second request from becoming a second order.
        """
        if self.compensation == "pending":
            return {"safe": self.keyed, "withNewKey": False}
        final = self.order_id is not None or self.code == "idempotency_key_reused"
        return {"safe": True, "withNewKey": final}


def problem_of(error: errors.OrderServiceError, *, keyed: bool = False) -> Problem:
    """What the client is told of an error of this service."""
    status, code = _BY_ERROR[type(error)]
    extra: dict[str, Any] = {}
    retry_after_s: float | None = None
    if isinstance(error, errors.InvalidRequestError):
        found = [{"pointer": e.pointer, "detail": e.detail} for e in error.errors]
        extra = {"errors": found}
    if isinstance(error, errors.RefusedError):
        retry_after_s = error.retry_after_s
    if isinstance(error, errors.CircuitOpenError):
        extra = {"upstream": {"service": error.service, "operation": None, "attempts": 0}}
    if isinstance(error, errors.NotDecidedError):
        return Problem(
            status,
            code,
            str(error),
            compensation="pending",
            order_id=error.order_id,
            order_status=error.order_status,
            retry_after_s=1.0,
            keyed=keyed,
        )
    return Problem(status, code, str(error), retry_after_s=retry_after_s, extra=extra)


@lru_cache(maxsize=4)  # a replica has two: it is full, and it drains
def when_overloaded(detail: str, retry_after_s: float) -> Response:
    """The answer to an order for which there is no room.

    Made once and sent many times: it is needed most when there is least time for it.
    """
    error = errors.OverloadedError(detail, retry_after_s=retry_after_s)
    return problem_of(error).response()


def problem_of_upstream(failure: UpstreamError, *, keyed: bool = False) -> Problem:
    """What the client is told when no order is known to exist because an upstream failed."""
    status, code, what = _upstream_trouble(failure)
    detail, compensation = f"the {failure.service} service {what}", "none"
    if failure.in_doubt:
        compensation = "pending"
        detail += "; an order that may have been recorded is being withdrawn" + (
            ", ask again under the same key"
            if keyed
            else ", look at GET /orders before asking again"
        )
    wait_s = failure.retry_after_s or RETRY_AFTER_S
    return Problem(
        status,
        code,
        detail,
        compensation,
        retry_after_s=wait_s if code == "upstream_unavailable" else None,
        extra={"upstream": describe(failure)},
        keyed=keyed,
    )


def _upstream_trouble(failure: UpstreamError) -> tuple[int, str, str]:
    if isinstance(failure, Faulty | Rejected):
        return 502, "upstream_error", "gave no usable answer"
    if failure.out_of_time:
        return 504, "deadline_exceeded", "did not answer before the deadline"
    return 503, "upstream_unavailable", "could not be reached"
