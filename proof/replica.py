"""A replica of the order service that can die, sleep and be told to stop; its way to upstreams."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NoReturn, Protocol, TypeVar, cast

import httpx

import app
from clients.breaker import CircuitBreaker, State
from clients.carrier import Reply as Answered
from clients.carrier import entity_fields
from clients.database import DatabaseClient
from clients.inventory import InventoryClient
from clients.payment import PaymentClient
from clients.retry import RetryPolicy
from clients.shipping import ShippingClient
from clients.upstream import Upstream
from orchestrator.saga.step import Step, Upstreams
from orchestrator.settings import Settings
from proof.pausing import PausingLoop, context_of
from proof.upstreams import Reply, Request

T = TypeVar("T")


class ProcessDied(BaseException):
    """The process is no more: what it was doing just stops, and nothing in it may catch that."""


class Network(Protocol):
    """Where a replica's requests go."""

    async def carry(self, replica: "Replica", service: str, request: Request) -> Reply:
        """Bring a request to its service and the answer back, or raise what httpx would."""
        ...


Connect = Callable[[Settings, Mapping[str, httpx.AsyncBaseTransport]], app.Services]
"""`app.connect`, or the short way past httpx."""


class Parts:
    """The parts of a replica as app.py puts them together; dear to make, so used again."""

    def __init__(self, settings: Settings, saga: tuple[Step, ...], connect: Connect) -> None:
        names = ("inventory", "payment", "shipping", "database", *settings.extra_upstreams)
        self.settings = settings
        self.wires = {service: Wire(service) for service in names}
        self.service = app.assemble(settings, connect(settings, self.wires), saga)

    def as_new(self) -> bool:
        """Whether nothing in them remembers the run that is over."""
        upstreams = self.service.services.all.values()
        if any(upstream.breaker.state is not State.CLOSED for upstream in upstreams):
            return False
        for upstream in upstreams:
            upstream.breaker.succeeded(upstream.breaker.era)  # forgets the failures in a row
        return not self.service.admission.in_flight and not len(self.service.running)


class Replica:
    """A process of the order service."""

    def __init__(self, name: str, network: Network, parts: Parts) -> None:
        self.name = name
        self.alive = True
        self.asleep_until = 0.0
        self.disturbed = False
        """Whether it was killed, stopped, told to end, or has lost the answer of a claim."""
        self.tasks: set[asyncio.Task[Any]] = set()
        self.parts = parts
        self.service = parts.service
        for wire in parts.wires.values():
            wire.bind(self, network)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin something in this process."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work, context=context_of(self.name))
        self.tasks.add(task)
        return task

    def die(self) -> NoReturn:
        """SIGKILL: nothing leaves it any more, not even a word."""
        self.alive, self.disturbed = False, True
        raise ProcessDied

    def sleep(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds."""
        loop = _pausing_loop()
        self.disturbed = True
        self.asleep_until = max(self.asleep_until, loop.time() + seconds)
        loop.pause(self.name, seconds)

    def wake(self) -> None:
        """SIGCONT, before its time."""
        self.asleep_until = 0.0
        _pausing_loop().wake(self.name)

    def awake(self) -> bool:
        """Whether it can be asked to do something."""
        return self.alive and asyncio.get_running_loop().time() >= self.asleep_until

    def terminate(self) -> None:
        """SIGTERM with no time left: orders that are under way are given up at once."""
        self.disturbed = True
        self.start(self._drain())

    async def _drain(self) -> None:
        self.service.admission.draining = True
        self.service.recovery.stop()
        await self.service.running.drain(
            finish_within_s=0, give_up_within_s=self.parts.settings.upstream_timeout_s
        )
        self.alive = False


def _pausing_loop() -> PausingLoop:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, PausingLoop):
        message = "a process can only be paused on a PausingLoop"
        raise TypeError(message)
    return loop


class Wire(httpx.AsyncBaseTransport):
    """The way from one replica to one service."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._replica: Replica
        self._network: Network

    def bind(self, replica: Replica, network: Network) -> None:
        """Be the way of `replica` in `network`."""
        self._replica, self._network = replica, network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        sent = Request(
            request.method,
            request.url.raw_path.decode(),
            request.headers,
            request.content,
        )
        reply = await self.carry(sent)
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.content)

    async def carry(self, request: Request) -> Reply:
        """Bring a request there and its answer back."""
        return await self._network.carry(self._replica, self._service, request)


def connect_directly(
    settings: Settings, transports: Mapping[str, httpx.AsyncBaseTransport]
) -> app.Services:
    """`app.connect` with a client that hands requests to the wire without making bytes of them.

    Two thirds of a call's time is httpx; a test holds the runs of both ways against each other.
    """
    upstreams = {
        name: Upstream(
            name,
            _DirectCarrier(cast("Wire", wire)),
            CircuitBreaker(
                failures=settings.breaker_failures, open_s=settings.breaker_open_s, clock=_now
            ),
            timeout_s=settings.upstream_timeout_s,
            retry=RetryPolicy(settings.tries),
            clock=_now,
        )
        for name, wire in transports.items()
    }
    steps = Upstreams(
        InventoryClient(upstreams["inventory"]),
        PaymentClient(upstreams["payment"]),
        ShippingClient(upstreams["shipping"]),
        others={name: upstreams[name] for name in settings.extra_upstreams},
    )
    return app.Services(upstreams, DatabaseClient(upstreams["database"]), steps)


def _now() -> float:
    return asyncio.get_running_loop().time()


class _DirectCarrier:
    """What `clients/` asks of a network; see clients.carrier.Carrier."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        key: str | None = None,
        within_s: float,
    ) -> Answered:
        fields = {**headers, **entity_fields(content, key)}
        async with asyncio.timeout(within_s):
            reply = await self._wire.carry(Request(method, path, fields, content or b""))
        return Answered(reply.status, reply.content, reply.headers.get("Retry-After"))

    async def aclose(self) -> None:
        pass
