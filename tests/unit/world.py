"""Replicas as app.py wires them, on a network of fakes."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from app import OrderService, Services, assemble, connect
from clients.call import CallLimits
from clients.database import StoredOrder
from orchestrator.domain import Event, Order
from orchestrator.idempotency import Claim, Fresh, IdempotencyKeys
from orchestrator.placement import Placed
from orchestrator.saga.progress import Progress
from orchestrator.saga.record import encode_order
from orchestrator.saga.runner import Errand, SagaRunner
from orchestrator.saga.step import Step
from orchestrator.saga.table import ORDER_SAGA
from orchestrator.settings import Settings
from tests.unit.fake_database import FakeDatabase
from tests.unit.fake_upstreams import FakeUpstreams
from tests.unit.orders import an_order

CALLER = "u-1"


def settings(**changed: Any) -> Settings:  # noqa: ANN401 - any setting
    """Give the defaults, whatever the environment says of them, but for what is `changed`."""
    defaults = {name: part.get_default() for name, part in Settings.model_fields.items()}
    return Settings(_env_file=None, **{**defaults, **changed})


@dataclass
class World:
    """Four fake services, and as many replicas of the real order service as a test starts."""

    database: FakeDatabase = field(default_factory=FakeDatabase)
    upstreams: FakeUpstreams = field(default_factory=FakeUpstreams)

    def services(self, **changed: object) -> Services:
        """Connect clients to the fakes."""
        transports = {**self.upstreams.transports(), "database": self.database.transport()}
        return connect(settings(**changed), transports)

    def replica(self, *, saga: tuple[Step, ...] = ORDER_SAGA, **changed: object) -> OrderService:
        """Start one more replica, with `changed` settings."""
        return assemble(settings(**changed), self.services(**changed), saga)

    def status(self, order: Order) -> str:
        """Give the order's status as it is kept."""
        return str(self.database.rows[order.id].record["status"])

    def progress(self, order: Order) -> dict[str, Any]:
        """Give the order's progress as it is kept."""
        progress: dict[str, Any] = self.database.rows[order.id].record["progress"]
        return progress

    def states(self, order: Order) -> tuple[str | None, str | None, str | None]:
        """Give the state of the order's reservation, payment and shipment."""
        return (
            self.upstreams.states.get(order.reservation_id),
            self.upstreams.states.get(order.payment_id),
            self.upstreams.states.get(order.shipment_id),
        )

    def statuses_written(self) -> list[str]:
        """Give the statuses that the durable writes have left, in order."""
        return [write.status for write in self.database.writes]


@dataclass
class Heard:
    """An observer of the saga, and what it has heard."""

    events: list[Event] = field(default_factory=list)

    def stepped(self, event: Event) -> None:
        """A step or an undo has ended."""
        self.events.append(event)


@dataclass(frozen=True)
class Worker:
    """A runner with an order of its own, newly created, and the lease of it."""

    runner: SagaRunner
    errand: Errand
    heard: Heard

    async def run(self) -> StoredOrder:
        """Carry the order on."""
        return await self.runner.run(self.errand)


def now_s() -> float:
    """Give the running loop's clock."""
    return asyncio.get_running_loop().time()


async def hire(
    world: World,
    order: Order | None = None,
    *,
    saga: tuple[Step, ...] = ORDER_SAGA,
    progress: Progress | None = None,
    rounds: int = 0,
    **changed: float,
) -> Worker:
    """Create an order and a worker that holds it, with `changed` settings."""
    chosen, services, heard = settings(**changed), world.services(**changed), Heard()
    runner = SagaRunner(
        saga,
        services.steps,
        observer=heard,
        attention_after=chosen.attention_after,
        reserve_s=chosen.upstream_timeout_s,
        clock=now_s,
    )
    keys = IdempotencyKeys(
        services.database, replica="r", lease_s=chosen.lease_s, key_ttl_s=3600, clock=now_s
    )
    order, deadline = order or an_order(), now_s() + chosen.order_deadline_s
    limits = CallLimits(deadline, headers=order.trace.headers())
    admitted = await keys.admit(order, Claim(CALLER, None), keys.new_owner(), limits)
    assert isinstance(admitted, Fresh)
    admitted.custody.rounds = rounds
    return Worker(runner, Errand(order, admitted.custody, deadline, progress or Progress()), heard)


def orphan(world: World, *, age_s: float = 100.0, **record: object) -> Order:
    """Leave an order behind whose lease has just run out, with `record` as it was written."""
    order = an_order()
    kept = {"order": encode_order(order), **record}
    world.database.add(id=order.id, lease_s=0, age_s=age_s, **kept)
    return order


async def place(
    replica: OrderService, order: Order | None = None, *, key: str | None = None
) -> Placed:
    """Place an order as the API does."""
    return await replica.checkout.place(order or an_order(), Claim(CALLER, key))


async def recover(replica: OrderService) -> None:
    """Let the replica look once, and wait until what it found has ended."""
    await replica.recovery.run_once()
    await replica.recovery.settle()
