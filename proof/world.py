"""The services, the clock and the settings in which runs are made; made once, as new for each."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from orchestrator.api.schemas import parse_order
from orchestrator.domain import Order, Trace
from orchestrator.saga.step import Step
from orchestrator.saga.table import ORDER_SAGA
from orchestrator.settings import Settings
from proof.own import OWN
from proof.replica import Connect, Parts, connect_directly
from proof.upstreams import Clock, Database, Inventory, Participant, Payment, Shipping
from services.inventory.commands import put_stock
from services.storage.memory import MemoryStorage

LEASE_S: Final = 6.0
"""More than deadline and time-out, as the settings demand; otherwise short, to keep runs short."""

RESUME_WINDOW_S: Final = 10.0
"""Longer than a lease, so that a takeover can go either way, as a run chooses."""

SKU: Final = "SKU-1"
UNITS: Final = 2
"""One order takes all there is: whatever is held or sold twice shows."""

TTL_S: Final = 900.0
"""The inventory's own default: far longer than a run."""

_ORDERS: Final = uuid.UUID("7d3f6c1e-0000-4000-8000-000000000000")
"""Order ids are names in this space: the same in every run of a case."""


def proof_settings(others: Iterable[str] = ()) -> Settings:
    """Give the settings of every replica: each default that is not about time, and short times."""
    fields = {name: part.get_default() for name, part in Settings.model_fields.items()}
    chosen = {
        "upstream_timeout_s": 1.0,
        "order_deadline_s": 3.0,  # two tries that time out, and the pause between them
        "retry_attempts": 2,  # a repeat is a repeat; more of them only take time
        "lease_s": LEASE_S,
        "recovery_interval_s": 1.0,
        "resume_window_s": RESUME_WINDOW_S,
        "attention_after": 2,  # so that a stuck order is flagged before everything works again
        "extra_upstreams": {name: f"http://{name}" for name in others},
    }
    return Settings(_env_file=None, **{**fields, **chosen})


def wall_ms() -> int:
    """Give the clock of the services: the loop's, in whole milliseconds."""
    return int(asyncio.get_running_loop().time() * 1000)


@dataclass
class World:
    """Four reference services, those of steps of your own, and how replicas are made.

    `others` makes the participants of steps whose upstream is none of the four.
    """

    saga: tuple[Step, ...] = ORDER_SAGA
    others: Mapping[str, Callable[[Clock], Participant]] = field(default_factory=lambda: OWN)
    connect: Connect = connect_directly

    def __post_init__(self) -> None:
        self.inventory, self.payment = Inventory(wall_ms), Payment(wall_ms)
        self.shipping, self.database = Shipping(wall_ms), Database(wall_ms)
        self.participants: dict[str, Participant] = {
            "inventory": self.inventory,
            "payment": self.payment,
            "shipping": self.shipping,
            "database": self.database,
            **{name: make(wall_ms) for name, make in self.others.items()},
        }
        self.settings = proof_settings(self.others)
        self._parts: list[Parts] = []
        for step in self.saga:
            if step.upstream not in self.participants:
                message = (
                    f"the step {step.name!r} calls {step.upstream!r}, which takes no part in the "
                    "proof: add it to proof/own.py"
                )
                raise LookupError(message)
        self._order = parse_order(
            {
                "address": {
                    "line1": "1 MG Road",
                    "city": "Bengaluru",
                    "country": "IN",
                    "postalCode": "560001",
                },
                "items": [{"sku": SKU, "qty": UNITS, "price": "499.50"}],
            },
            order_id=str(_ORDERS),
            trace=Trace("proof", "00-00000000000000000000000000000001-0000000000000001-01"),
        )

    @property
    def storages(self) -> dict[str, MemoryStorage]:
        """Where the four reference services keep what they know."""
        four = (self.inventory, self.payment, self.shipping, self.database)
        return {service.name: service.storage for service in four}

    def begin(self, *, ttl_s: float | None) -> None:
        """Be as new, with one order's worth of units on the shelf."""
        for participant in self.participants.values():
            participant.forget()
        self.inventory.ttl_s = TTL_S if ttl_s is None else ttl_s
        self.inventory.storage.do(lambda tx: put_stock(tx, SKU, UNITS))

    def take_parts(self) -> Parts:
        """Give the parts of a replica, as new."""
        return self._parts.pop() if self._parts else Parts(self.settings, self.saga, self.connect)

    def give_back(self, parts: Parts) -> None:
        """Take parts back that are not needed any more."""
        if parts.as_new():
            self._parts.append(parts)

    def order(self, name: str, user: str) -> Order:
        """Give an order of `user` for all units there are; its id follows from `name`."""
        return self._order._replace(id=str(uuid.uuid5(_ORDERS, name)), user_id=user)
