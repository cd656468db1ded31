"""A stored order becomes an answer: the same record the same bytes, first time or replayed."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

from clients.database import StoredOrder
from orchestrator.api.problems import RETRY_AFTER_S, Problem
from orchestrator.domain import Failure, OrderStatus, resource_id
from orchestrator.saga.record import decode_failure

_UNKNOWN: Final = Failure(504, "deadline_exceeded", "the order did not go through")


def present(stored: StoredOrder) -> dict[str, Any]:
    """The order as clients see it, whichever way it is going."""
    progress = stored.progress
    shown = {
        "id": stored.id,
        "status": stored.status,
        **stored.order,
        "reservationId": resource_id(stored.id, "reservation"),
        "paymentId": resource_id(stored.id, "payment"),
        "shipmentId": resource_id(stored.id, "shipment"),
        "createdAt": stored.created_at,
        "updatedAt": stored.updated_at,
        **progress.get("kept", {}),
        "failure": _shown_failure(progress.get("failure")),
        "attention": stored.attention,
        "timeline": progress.get("timeline", []),
    }
    shown.pop("trace", None)  # ours alone
    return shown


def answer(stored: StoredOrder, *, replayed: bool, keyed: bool) -> Response:
    """The answer to `POST /orders` for the order as it was last written."""
    headers = {"Location": f"/orders/{stored.id}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    match OrderStatus(stored.status):
        case OrderStatus.CONFIRMED:
            return as_json(present(stored), 201, headers)
        case OrderStatus.PENDING:
            # Only a parked order ends a run as PENDING, and it is parked only after its pivot.
            return as_json(present(stored), 202, headers)
        case _:
            return problem_of_order(stored, keyed=keyed).response(headers)


def problem_of_order(stored: StoredOrder, *, keyed: bool) -> Problem:
    """Why the order does not go through, and what has become of what was begun."""
    failure = decode_failure(stored.progress.get("failure")) or _UNKNOWN
    upstream = {"upstream": failure.upstream} if failure.upstream else {}
    unavailable = failure.code == "upstream_unavailable"
    return Problem(
        failure.status,
        failure.code,
        failure.detail,
        compensation=_compensation(stored),
        order_id=stored.id,
        order_status=stored.status,
        retry_after_s=(failure.retry_after_s or RETRY_AFTER_S) if unavailable else None,
        extra={**upstream, **failure.extra},
        keyed=keyed,
    )


def as_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:  # noqa: ANN401 - JSON is anything
    """A JSON answer."""
    return _JsonAnswer(orjson.dumps(body), status, headers)


class _JsonAnswer(Response):
    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """See Starlette, whose own first looks which fields are there; here that is known."""
        fields = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]
        for name, value in (headers or {}).items():
            fields.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        self.raw_headers = fields


def _compensation(stored: StoredOrder) -> str:
    if not OrderStatus(stored.status).final:
        return "pending"
    return "completed" if stored.progress.get("compensated") else "none"


def _shown_failure(failure: dict[str, Any] | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    members = ("status", "code", "detail", "upstream")
    return {**{name: failure[name] for name in members}, **failure.get("extra", {})}
