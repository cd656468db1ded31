"""How long, how many, on what, and the settings of the replicas under test."""

from dataclasses import dataclass
from typing import Final

TIMEOUT_S: Final = 1.0
"""`UPSTREAM_TIMEOUT_S`: all times are short, so that a run of seconds meets what hours would."""

LEASE_S: Final = 5.0
"""`LEASE_S`: the least that exceeds deadline and time-out on a machine that is busy."""

BOUND_S: Final = LEASE_S + 30
"""From when everything works again until every order must be final (rule 4)."""

SETTINGS: Final = {
    "UPSTREAM_TIMEOUT_S": f"{TIMEOUT_S}",
    "ORDER_DEADLINE_S": "3.5",
    "LEASE_S": f"{LEASE_S:g}",
    "RECOVERY_INTERVAL_S": "0.5",
    "RESUME_WINDOW_S": "20",
    "BREAKER_OPEN_S": "1",
    "DRAIN_S": "5",
}

CUSTOMERS: Final = 24
"""At once; on two cores of their own some ten orders a second, and twice as many requests."""

URL_SETTINGS: Final = {
    "inventory": "INVENTORY_URL",
    "payment": "PAYMENT_URL",
    "shipping": "SHIPPING_URL",
    "database": "DATABASE_SERVICE_URL",
}


@dataclass(frozen=True)
class Plan:
    """One run; `seconds` is how long things break, not how long the whole takes."""

    seed: int
    seconds: float
    replicas: int = 2
    postgres: bool = False
    customers: int = CUSTOMERS

    @property
    def storage(self) -> str:
        """Where the services keep their state."""
        return "PostgreSQL" if self.postgres else "SQLite"
