"""What is to be checked, and what the kit was told of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.door import Door

Restart = Callable[[], Awaitable[None]]
"""Ends the service and starts it; returns when it answers again. Raises NotChecked if it cannot."""

DECLINED_USER: Final = "decline-conformance"
"""The reference payment declines every user whose id begins with "decline"."""
REFUSED_ADDRESS: Final[Mapping[str, str]] = {
    "line1": "1 Main Street",
    "city": "Pune",
    "country": "IN",
    "postalCode": "00000",
}
"""What the reference shipping refuses: no place has this postal code."""
EXPIRY_SLACK_S: Final = 10.0
"""Twice the reference inventory's pause between looks for reservations that have run out."""


@dataclass(frozen=True)
class Product:
    """A product that exists, and how many units of it are available at the start."""

    sku: str
    units: int


@dataclass(frozen=True)
class Needs:
    """What the kit has to be told; the defaults fit the reference services.

    An empty `declined_user` or `refused_address`: the service refuses none.
    """

    product: Product | None = None
    currency: str = "INR"
    declined_user: str = DECLINED_USER
    refused_address: Mapping[str, str] = field(default_factory=lambda: REFUSED_ADDRESS)
    dispatch_path: str | None = None
    reservation_ttl_s: float | None = None
    expiry_slack_s: float = EXPIRY_SLACK_S
    restart: Restart | None = None


@dataclass(frozen=True)
class Target:
    """A service, and how it is reached."""

    service: str
    door: Door
    needs: Needs = field(default_factory=Needs)
