"""Take the money that is held: the pivot. Undone by authorize's refund."""

from collections.abc import Awaitable

from clients.call import Answer, CallLimits
from orchestrator.domain import Order
from orchestrator.saga.step import Step, Upstreams
from orchestrator.saga.steps.authorize import declined


def _capture(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    return upstreams.payment.capture(order.payment_id, order.id, limits)


CAPTURE = Step(name="capture", upstream="payment", action=_capture, pivot=True, refused=declined)
