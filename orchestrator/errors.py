"""Every reason for which the order service itself says no, or stops.

    OrderServiceError
    ├── RequestError              the request cannot become an order; nothing was done
    │   ├── MalformedBodyError        400  malformed_json
    │   ├── BodyTooLargeError         413  body_too_large
    │   ├── InvalidRequestError       422  validation_failed
    │   ├── InvalidKeyError           400  invalid_idempotency_key
    │   └── KeyReusedError            422  idempotency_key_reused
    ├── RefusedError              not now: no order exists, try again
    │   ├── OverloadedError           503  overloaded
    │   └── CircuitOpenError          503  upstream_unavailable
    ├── NotDecidedError           the time to answer is over, the order goes on
    │   ├── OrderInProgressError      409  order_in_progress
    │   └── OrderUndecidedError       504  deadline_exceeded
    ├── OrderNotFoundError            404  order_not_found
    └── CustodyLostError          this worker may no longer act on the order; never seen by a client

What upstreams do wrong is in `clients/errors.py`; how each is answered is one table, in
`orchestrator/api/problems.py`.
"""

from dataclasses import dataclass


class OrderServiceError(Exception):
    """Base of everything this service raises on purpose."""


class RequestError(OrderServiceError):
    """The request cannot become an order; the text says what to change."""


class MalformedBodyError(RequestError):
    """The body is not UTF-8 JSON."""


class BodyTooLargeError(RequestError):
    """The body is larger than the limit."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong: a JSON pointer (RFC 6901) to it and what to change."""

    pointer: str
    detail: str


class InvalidRequestError(RequestError):
    """The request is well-formed but not valid; lists every error found."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("the request is not valid; see errors")
        self.errors = errors


class InvalidKeyError(RequestError):
    """The idempotency key is malformed, or two different ones were sent."""


class KeyReusedError(RequestError):
    """The key was used before, by the same caller, with another body."""


class RefusedError(OrderServiceError):
    """No order was created; the same request may be sent again after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OverloadedError(RefusedError):
    """This replica is full or shutting down."""


class CircuitOpenError(RefusedError):
    """An upstream that every order needs has been failing."""

    def __init__(self, service: str, *, retry_after_s: float) -> None:
        message = (
            f"the {service} service has been failing; no order is begun until it answers again"
        )
        super().__init__(message, retry_after_s=retry_after_s)
        self.service = service


class NotDecidedError(OrderServiceError):
    """The time to answer is over; the order exists and will be final without anyone's help."""

    def __init__(self, message: str, *, order_id: str, order_status: str) -> None:
        super().__init__(message)
        self.order_id = order_id
        self.order_status = order_status


class OrderInProgressError(NotDecidedError):
    """The first request with this key is still running."""


class OrderUndecidedError(NotDecidedError):
    """The order's deadline passed before its end could be written down."""


class OrderNotFoundError(OrderServiceError):
    """There is no order of this id for this caller."""


class CustodyLostError(OrderServiceError):
    """The lease is over or another worker has written: stop, and read what the record says."""
