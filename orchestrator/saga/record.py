"""An order and its progress as they are stored; the database service does not look inside.

What an older release wrote must be readable by a newer one: members are named, absent ones have a
meaning, unknown ones are ignored.
"""

from decimal import Decimal
from typing import Any

from clients.database import Document, StoredOrder
from orchestrator.domain import Address, Event, Failure, Item, Order, OrderStatus, Trace
from orchestrator.money import render
from orchestrator.saga.progress import Progress


def encode_order(order: Order) -> dict[str, Any]:
    """The order as it is stored and, but for `trace`, as it is shown."""
    address = order.address
    return {
        "address": {
            "line1": address.line1,
            "city": address.city,
            "country": address.country,
            "postalCode": address.postal_code,
        },
        "currency": order.currency,
        "items": [
            {"sku": item.sku, "qty": item.qty, "price": render(item.price)} for item in order.items
        ],
        "total": render(order.total),
        "userId": order.user_id,
        "trace": {
            "requestId": order.trace.request_id,
            "traceparent": order.trace.traceparent,
            "tracestate": order.trace.tracestate,
        },
    }


def decode_order(order_id: str, document: Document) -> Order:
    """The order again, as it was accepted."""
    address = document["address"]
    trace = document["trace"]
    return Order(
        id=order_id,
        user_id=document["userId"],
        address=Address(
            address["line1"], address["city"], address["country"], address["postalCode"]
        ),
        currency=document["currency"],
        items=tuple(
            Item(item["sku"], item["qty"], Decimal(item["price"])) for item in document["items"]
        ),
        total=Decimal(document["total"]),
        trace=Trace(trace["requestId"], trace["traceparent"], trace.get("tracestate")),
    )


def encode_progress(progress: Progress) -> dict[str, Any]:
    """The durable part of the progress."""
    return {
        "pivotPassed": progress.pivot_recorded,
        "compensated": progress.compensated,
        "failure": _encode_failure(progress.failure),
        "kept": dict(progress.kept),
        "timeline": [_encode_event(event) for event in progress.timeline],
    }


def inherited_progress(stored: StoredOrder, *, give_up: bool) -> Progress:
    """What a successor knows: what is written, and that every step may have begun."""
    document = stored.progress
    return Progress(
        status=OrderStatus(stored.status),
        inherited=True,
        give_up=give_up,
        pivot_recorded=document.get("pivotPassed", False),
        compensated=document.get("compensated", False),
        failure=decode_failure(document.get("failure")),
        kept=document.get("kept", {}),
        timeline=tuple(_decode_event(event) for event in document.get("timeline", ())),
    )


def decode_failure(document: Document | None) -> Failure | None:
    """Why the order failed, if it has."""
    if document is None:
        return None
    return Failure(
        status=document["status"],
        code=document["code"],
        detail=document["detail"],
        upstream=document.get("upstream"),
        extra=document.get("extra", {}),
        retry_after_s=document.get("retryAfterS"),
    )


def _encode_failure(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "status": failure.status,
        "code": failure.code,
        "detail": failure.detail,
        "upstream": failure.upstream,
        "extra": failure.extra,
        "retryAfterS": failure.retry_after_s,
    }


def _encode_event(event: Event) -> dict[str, Any]:
    at, kind, step, operation, outcome, attempts, ms, error, note = event
    line: dict[str, Any]
    if step is None:
        line = {"at": at, "kind": kind}
    else:
        line = {
            "at": at,
            "kind": kind,
            "step": step,
            "operation": operation,
            "outcome": outcome,
            "attempts": attempts,
            "ms": ms,
        }
    if error is not None:
        line["error"] = error
    if note is not None:
        line["note"] = note
    return line


def _decode_event(line: Document) -> Event:
    return Event(
        at=line["at"],
        kind=line["kind"],
        step=line.get("step"),
        operation=line.get("operation"),
        outcome=line.get("outcome"),
        attempts=line.get("attempts", 0),
        ms=line.get("ms", 0.0),
        error=line.get("error"),
        note=line.get("note"),
    )
