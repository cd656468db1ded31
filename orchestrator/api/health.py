"""Probes and metrics; none asks an upstream: one sick upstream must not take every pod out."""

from collections.abc import Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from orchestrator.api.render import shown

SERVICE = "Order Service"


def health_router(draining: Callable[[], bool], registry: CollectorRegistry) -> APIRouter:
    """`/health`, `/livez`, `/readyz`, `/metrics`."""
    router = APIRouter(tags=["operations"])

    @router.get("/health", summary="Is this the order service?")
    async def health() -> Response:
        return shown({"status": "ok", "service": SERVICE})

    @router.get("/livez", summary="Does this process work?")
    async def livez() -> Response:
        return shown({"status": "ok"})

    @router.get(
        "/readyz",
        summary="Does this replica take orders?",
        responses={503: {"description": "it is shutting down"}},
    )
    async def readyz() -> Response:
        if draining():
            return shown({"status": "draining"}, 503)
        return shown({"status": "ok"})

    @router.get("/metrics", summary="For Prometheus")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
