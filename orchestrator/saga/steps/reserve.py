"""Hold the units in inventory; undone by releasing them."""

from collections.abc import Awaitable
from typing import Any, Final

from clients.call import Answer, CallLimits
from clients.errors import Rejected
from clients.inventory import ReservedItem
from orchestrator.domain import Order
from orchestrator.saga.failure import presentable
from orchestrator.saga.step import UPSTREAM_ERROR, Refusal, Step, Undo, Upstreams

MOST_SHORTAGES: Final = 100
"""As many as an order has lines; an upstream that lists more is not quoted in full."""


_MOST_UNITS: Final = 10**15
"""More units than any shelf holds; a number beyond it says nothing and may be very long."""


def _reserve(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    items = [ReservedItem(sku=item.sku, qty=item.qty) for item in order.items]
    return upstreams.inventory.reserve(order.reservation_id, order.id, items, limits)


def _release(upstreams: Upstreams, order: Order, limits: CallLimits) -> Awaitable[Answer]:
    return upstreams.inventory.release(order.reservation_id, order.id, limits)


def _refused(rejection: Rejected) -> Refusal:
    shortages = _shortages(rejection.body or {})
    match rejection.code:
        case "out_of_stock" | "unknown_sku" as code:
            return Refusal(409, code, {"shortages": shortages})
        case None if rejection.status == 409 and shortages:  # noqa: PLR2004 - an HTTP status
            return Refusal(409, "out_of_stock", {"shortages": shortages})
        case _:
            return UPSTREAM_ERROR


def _shortages(problem: dict[str, Any]) -> list[dict[str, Any]]:
    """The upstream's list, reduced to what the contract says is in it."""
    listed = problem.get("shortages")
    if not isinstance(listed, list):
        return []
    return [_shortage(entry) for entry in listed[:MOST_SHORTAGES] if isinstance(entry, dict)]


def _shortage(entry: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if isinstance(sku := entry.get("sku"), str):
        shown["sku"] = presentable(sku)
    for name in ("requested", "available"):
        number = entry.get(name)
        if type(number) is int and abs(number) <= _MOST_UNITS:
            shown[name] = number
    return shown


RESERVE = Step(
    name="reserve",
    upstream="inventory",
    action=_reserve,
    undo=Undo("release", _release),
    refused=_refused,
)
