"""Create the shipment; undone by cancelling it."""

from collections.abc import Awaitable
from typing import Final

from clients.call import Answer, CallLimits
from clients.errors import Rejected
from clients.inventory import ReservedItem
from orchestrator.domain import Order
from orchestrator.saga.step import UPSTREAM_ERROR, Refusal, Step, Undo, Upstreams

_NOT_ABOUT_THE_SHIPMENT: Final = frozenset({"idempotency_key_reused", "cancelled"})
"""Refusals that say something about our request, not about the parcel or its address."""


def _ship(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    address = order.address
    return upstreams.shipping.ship(
        order.shipment_id,
        order.id,
        address={
            "line1": address.line1,
            "city": address.city,
            "country": address.country,
            "postalCode": address.postal_code,
        },
        items=[ReservedItem(sku=item.sku, qty=item.qty) for item in order.items],
        limits=limits,
    )


def _cancel(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    return upstreams.shipping.cancel(order.shipment_id, order.id, limits)


def _refused(rejection: Rejected) -> Refusal:
    if rejection.status in {409, 422} and rejection.code not in _NOT_ABOUT_THE_SHIPMENT:
        return Refusal(422, "shipment_refused")
    return UPSTREAM_ERROR


SHIP = Step(
    name="ship",
    upstream="shipping",
    action=_ship,
    undo=Undo("cancel", _cancel),
    refused=_refused,
    keeps=("trackingNumber",),
)
