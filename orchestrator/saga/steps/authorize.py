"""Hold the money; undone by a refund, which also covers a capture."""

from collections.abc import Awaitable

from clients.call import Answer, CallLimits
from clients.errors import Rejected
from orchestrator.domain import Order
from orchestrator.money import render
from orchestrator.saga.step import UPSTREAM_ERROR, Refusal, Step, Undo, Upstreams


def _authorize(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    return upstreams.payment.authorize(
        order.payment_id,
        order.id,
        user_id=order.user_id,
        amount=render(order.total),
        currency=order.currency,
        limits=limits,
    )


def _refund(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    return upstreams.payment.refund(order.payment_id, order.id, limits)


def declined(rejection: Rejected) -> Refusal:
    """402 is the one refusal of a payment service that is its customer's, not its own."""
    if rejection.status == 402 or rejection.code == "payment_declined":  # noqa: PLR2004 - an HTTP status
        return Refusal(402, "payment_declined")
    return UPSTREAM_ERROR


AUTHORIZE = Step(
    name="authorize",
    upstream="payment",
    action=_authorize,
    undo=Undo("refund", _refund),
    refused=declined,
)
