"""Take the reserved units off the shelf for good. Undone by reserve's release."""

from clients.call import Answer, CallLimits
from orchestrator.domain import Order
from orchestrator.saga.step import Step, Upstreams


async def _commit(upstreams: Upstreams, order: Order, limits: CallLimits) -> Answer:
    return await upstreams.inventory.commit(order.reservation_id, order.id, limits)


COMMIT = Step(name="commit", upstream="inventory", action=_commit)
