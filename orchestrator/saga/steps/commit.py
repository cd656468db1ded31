"""Take the reserved units off the shelf for good. Undone by reserve's release."""

from collections.abc import Awaitable

from clients.call import Answer, CallLimits
from orchestrator.domain import Order
from orchestrator.saga.step import Step, Upstreams


def _commit(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    return upstreams.inventory.commit(order.reservation_id, order.id, limits)


COMMIT = Step(name="commit", upstream="inventory", action=_commit)
