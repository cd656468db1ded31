"""What a step of the saga is: how it is done, how it is undone, how its refusal is told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from clients.call import Answer, CallLimits
from clients.errors import Rejected
from clients.inventory import InventoryClient
from clients.payment import PaymentClient
from clients.shipping import ShippingClient
from clients.upstream import Upstream
from orchestrator.domain import Order


class Outcome(StrEnum):
    """What is known of a step after its call.

    UNKNOWN may have been carried out. UNSENT certainly was not: no try of it left this process.
    """

    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class Upstreams:
    """The services that a step may call; `others` holds those named by `EXTRA_UPSTREAMS`."""

    inventory: InventoryClient
    payment: PaymentClient
    shipping: ShippingClient
    others: Mapping[str, Upstream] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a definite "no" of an upstream is told to the client of the order."""

    status: int
    code: str
    extra: dict[str, Any] = field(default_factory=dict)


Action = Callable[[Upstreams, Order, CallLimits], Awaitable[Answer]]
"""One call to one upstream; its idempotency key is fixed by the order id and the operation."""

UPSTREAM_ERROR = Refusal(502, "upstream_error")
"""A refusal that no step of a correct upstream gives: it is the upstream's fault, not the
client's."""


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a step back, from whatever state, also when the step was never heard of."""

    operation: str
    action: Action


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One line of the saga's table; each is only equal to itself.

    `upstream` names the service that is called. `undo` is `None` where the undo of an earlier step
    covers this one. After the `pivot` is known to have succeeded, trouble is retried forward.
    `keeps` names the members of the answer that belong to the order (a tracking number).
    """

    name: str
    upstream: str
    action: Action
    undo: Undo | None = None
    pivot: bool = False
    refused: Callable[[Rejected], Refusal] = lambda _: UPSTREAM_ERROR
    keeps: tuple[str, ...] = ()
