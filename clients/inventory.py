"""Inventory: units are reserved, then committed (sold) or released."""

from collections.abc import Awaitable, Sequence
from typing import TypedDict

from clients.call import Answer, Call, CallLimits
from clients.shape import known_as
from clients.upstream import Upstream


class ReservedItem(TypedDict):
    """So many units of one sku."""

    sku: str
    qty: int


class InventoryClient:
    """Calls of the inventory service; every method raises what `Upstream.send` raises."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def reserve(
        self,
        reservation_id: str,
        order_id: str,
        items: Sequence[ReservedItem],
        limits: CallLimits,
    ) -> Awaitable[Answer]:
        """Hold the units until they are committed, released or expire."""
        body = {"id": reservation_id, "orderId": order_id, "items": list(items)}
        # A repeat in a recovery may meet a reservation that its predecessor has committed already.
        accepts = known_as(reservation_id, "reserved", "committed")
        call = Call("reserve", "POST", "/reserve", f"{order_id}:reserve", body, accepts)
        return self._upstream.send(call, limits)

    def commit(self, reservation_id: str, order_id: str, limits: CallLimits) -> Awaitable[Answer]:
        """Take the reserved units off the shelf for good."""
        path = f"/reservations/{reservation_id}/commit"
        accepts = known_as(reservation_id, "committed")
        call = Call("commit", "POST", path, f"{order_id}:commit", {}, accepts)
        return self._upstream.send(call, limits)

    def release(self, reservation_id: str, order_id: str, limits: CallLimits) -> Awaitable[Answer]:
        """Put the units back, from whatever state; a late reserve of this id will be refused."""
        path = f"/reservations/{reservation_id}/release"
        accepts = known_as(reservation_id, "released")
        call = Call("release", "POST", path, f"{order_id}:release", {}, accepts)
        return self._upstream.send(call, limits)
