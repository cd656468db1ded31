"""The order service: `uvicorn app:app --host 0.0.0.0 --port 8004`.

The only place where its parts are wired together; importing any other module does nothing.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from clients.breaker import CircuitBreaker
from clients.carrier import NO_FIELDS
from clients.database import BRIEF, DatabaseClient
from clients.inventory import InventoryClient
from clients.payment import PaymentClient
from clients.retry import RetryPolicy
from clients.shipping import ShippingClient
from clients.transport import open_carrier
from clients.upstream import Upstream
from orchestrator.admission import Admission
from orchestrator.api.documented import document
from orchestrator.api.handlers import install_error_handlers
from orchestrator.api.health import health_router
from orchestrator.api.orders import OrderApi
from orchestrator.api.short_way import shorten
from orchestrator.api.tracing import Tracing
from orchestrator.checkout import Checkout
from orchestrator.idempotency import IdempotencyKeys
from orchestrator.logs import configure_logging
from orchestrator.memory import settled_memory
from orchestrator.metrics import Metrics
from orchestrator.placement import AnswerTimes
from orchestrator.recovery import AT_ONCE, Recovery, RecoveryTimes
from orchestrator.saga.runner import SagaRunner
from orchestrator.saga.running import RunningSagas
from orchestrator.saga.step import Step, Upstreams
from orchestrator.saga.table import ORDER_SAGA
from orchestrator.settings import Settings, explain_refusal
from orchestrator.shutdown import Drain, on_sigterm
from orchestrator.telemetry import Telemetry

_SPARE_CONNECTIONS = 32
"""Connections of each upstream beyond those of orders: reads and waiting duplicates have no cap of
their own."""

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI's own: logs and metrics are ours (docs/observability.md), so that it would look for a
listener at every request and find none."""


Clock = Callable[[], float]
"""The clock of deadlines and leases, in seconds: steady, and the one that timers run on."""


def loop_time() -> float:
    """The clock of whichever loop runs; a test's may be one that only seems to pass."""
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class Services:
    """The upstreams by name, and the typed clients on them."""

    all: Mapping[str, Upstream]
    database: DatabaseClient
    steps: Upstreams


@dataclass(frozen=True, slots=True)
class OrderService:
    """The parts of one replica."""

    services: Services
    admission: Admission
    running: RunningSagas
    checkout: Checkout
    recovery: Recovery
    metrics: Metrics


def connect(
    settings: Settings,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    *,
    clock: Clock = loop_time,
) -> Services:
    """An `Upstream` for every service; `transports` replaces the network by name (tests)."""
    urls = {
        "inventory": settings.inventory_url,
        "payment": settings.payment_url,
        "shipping": settings.shipping_url,
        "database": settings.database_service_url,
        **settings.extra_upstreams,
    }
    connections = settings.max_in_flight + AT_ONCE + _SPARE_CONNECTIONS
    upstreams = {
        name: Upstream(
            name,
            open_carrier(
                url,
                timeout_s=settings.upstream_timeout_s,
                connections=connections,
                network=settings.upstream_transport,
                always=BRIEF if name == "database" else NO_FIELDS,
                transport=(transports or {}).get(name),
            ),
            CircuitBreaker(
                failures=settings.breaker_failures,
                open_s=settings.breaker_open_s,
                clock=clock,
            ),
            timeout_s=settings.upstream_timeout_s,
            retry=RetryPolicy(settings.tries),
            clock=clock,
        )
        for name, url in urls.items()
    }
    steps = Upstreams(
        InventoryClient(upstreams["inventory"]),
        PaymentClient(upstreams["payment"]),
        ShippingClient(upstreams["shipping"]),
        others={name: upstreams[name] for name in settings.extra_upstreams},
    )
    return Services(upstreams, DatabaseClient(upstreams["database"]), steps)


def assemble(
    settings: Settings, services: Services, saga: tuple[Step, ...], *, clock: Clock = loop_time
) -> OrderService:
    """Put the parts of a replica together."""
    metrics = Metrics(CollectorRegistry())
    telemetry = Telemetry(metrics)
    admission = Admission(
        max_in_flight=settings.max_in_flight, upstreams=list(services.all.values())
    )
    running = RunningSagas()
    runner = SagaRunner(
        saga,
        services.steps,
        observer=telemetry,
        attention_after=settings.attention_after,
        reserve_s=settings.upstream_timeout_s,
        clock=clock,
    )
    keys = IdempotencyKeys(
        services.database,
        replica=f"{socket.gethostname()}-{os.getpid()}",
        lease_s=settings.lease_s,
        key_ttl_s=settings.idempotency_ttl_h * 3600,
        clock=clock,
    )
    checkout = Checkout(
        admission=admission,
        keys=keys,
        database=services.database,
        runner=runner,
        running=running,
        log=telemetry,
        times=AnswerTimes(
            order_deadline_s=settings.order_deadline_s,
            answer_within_s=settings.answer_within_s,
            look_s=settings.upstream_timeout_s,
        ),
        clock=clock,
    )
    recovery = Recovery(
        database=services.database,
        runner=runner,
        running=running,
        log=telemetry,
        times=RecoveryTimes(
            interval_s=settings.recovery_interval_s,
            lease_s=settings.lease_s,
            order_deadline_s=settings.order_deadline_s,
            reserve_s=settings.upstream_timeout_s,
            resume_window_s=settings.resume_window_s,
        ),
        new_owner=keys.new_owner,
        clock=clock,
    )
    metrics.watch(
        in_flight=lambda: admission.in_flight,
        circuits={name: _state_of(upstream) for name, upstream in services.all.items()},
    )
    return OrderService(services, admission, running, checkout, recovery, metrics)


def create_app(
    settings: Settings,
    *,
    saga: tuple[Step, ...] = ORDER_SAGA,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    clock: Clock = loop_time,
) -> FastAPI:
    """The order service as an ASGI application."""
    services = connect(settings, transports, clock=clock)
    service = assemble(settings, services, saga, clock=clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for upstream in service.services.all.values():
                stack.push_async_callback(upstream.close)
            drain = Drain(
                service.admission,
                service.recovery,
                service.running,
                finish_within_s=settings.drain_s,
                give_up_within_s=settings.upstream_timeout_s,
            )
            stack.push_async_callback(drain.finish)
            loop = asyncio.get_running_loop()
            stack.enter_context(on_sigterm(lambda: loop.call_soon_threadsafe(drain.begin)))
            background = _in_background(service.recovery, stop_within_s=settings.upstream_timeout_s)
            await stack.enter_async_context(background)
            stack.enter_context(settled_memory())
            yield

    app = FastAPIOffline(
        redoc_url=None,
        redirect_slashes=False,
        title="Order Service",
        version="0.1.0",
        description="Places orders over its upstreams, or takes back what was done.",
        lifespan=lifespan,
        telemetry=_NO_TELEMETRY,
    )
    api = OrderApi(
        admission=service.admission,
        checkout=service.checkout,
        database=service.services.database,
        metrics=service.metrics,
        max_body_bytes=settings.max_body_bytes,
        caller_header=settings.caller_header,
        read_within_s=settings.order_deadline_s,
    )
    app.include_router(api.router())
    app.include_router(health_router(lambda: service.admission.draining, service.metrics.registry))
    app.add_middleware(Tracing)
    shorten(app, method="POST", path="/orders", operation=api.place)
    install_error_handlers(app)
    document(app)
    return app


def _state_of(upstream: Upstream) -> Callable[[], float]:
    return lambda: float(upstream.breaker.state)


@asynccontextmanager
async def _in_background(recovery: Recovery, *, stop_within_s: float) -> AsyncIterator[None]:
    task = asyncio.create_task(recovery.run_forever(), name="recovery")
    try:
        yield
    finally:
        recovery.stop()
        await asyncio.wait({task}, timeout=stop_within_s)
        task.cancel()


def _from_environment() -> FastAPI:
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(explain_refusal(error))
    configure_logging(settings.log_level)
    # asyncio's loops and uvloop's tell this time too; an order asks for it thirty times, and to
    # ask the loop costs finding it, with a call to the kernel in each before Python 3.12.
    return create_app(settings, clock=time.monotonic)


app = _from_environment()
