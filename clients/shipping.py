"""Shipping: a shipment is created, or cancelled while it has not left the warehouse."""

from collections.abc import Awaitable, Mapping, Sequence

from clients.call import Answer, Call, CallLimits
from clients.inventory import ReservedItem
from clients.shape import known_as
from clients.upstream import Upstream


class ShippingClient:
    """Calls of the shipping service; every method raises what `Upstream.send` raises."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def ship(
        self,
        shipment_id: str,
        order_id: str,
        *,
        address: Mapping[str, str],
        items: Sequence[ReservedItem],
        limits: CallLimits,
    ) -> Awaitable[Answer]:
        """Create the shipment of the order's items to its address."""
        body = {
            "id": shipment_id,
            "orderId": order_id,
            "address": dict(address),
            "items": list(items),
        }
        # A repeat in a recovery may meet a shipment that has been on its way since.
        accepts = known_as(shipment_id, "created", "dispatched")
        call = Call("ship", "POST", "/shipments", f"{order_id}:ship", body, accepts)
        return self._upstream.send(call, limits)

    def cancel(self, shipment_id: str, order_id: str, limits: CallLimits) -> Awaitable[Answer]:
        """Call the shipment off; a late create of this id will be refused."""
        path = f"/shipments/{shipment_id}/cancel"
        accepts = known_as(shipment_id, "cancelled")
        call = Call("cancel", "POST", path, f"{order_id}:cancel", {}, accepts)
        return self._upstream.send(call, limits)
