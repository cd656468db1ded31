"""Probes and metrics; none asks an upstream: one sick upstream must not take every pod out."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from orchestrator.api.render import as_json

SERVICE = "Order Service"

_STATUS: Final[dict[str, Any]] = {
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {"status": {"type": "string"}, "service": {"type": "string"}},
            "required": ["status"],
        }
    }
}
_STANDS: Final[dict[int | str, dict[str, Any]]] = {200: {"content": _STATUS}}
_STANDS_OR_DRAINS: Final[dict[int | str, dict[str, Any]]] = {
    **_STANDS,
    503: {"description": "it is shutting down", "content": _STATUS},
}
_METRICS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


def health_router(draining: Callable[[], bool], registry: CollectorRegistry) -> APIRouter:
    """`/health`, `/livez`, `/readyz`, `/metrics`."""
    router = APIRouter(tags=["operations"])

    @router.get("/health", summary="Is this the order service?", responses=_STANDS)
    async def health() -> Response:
        return as_json({"status": "ok", "service": SERVICE})

    @router.get("/livez", summary="Does this process work?", responses=_STANDS)
    async def livez() -> Response:
        return as_json({"status": "ok"})

    @router.get(
        "/readyz",
        summary="Does this replica take orders?",
        responses=_STANDS_OR_DRAINS,
    )
    async def readyz() -> Response:
        if draining():
            return as_json({"status": "draining"}, 503)
        return as_json({"status": "ok"})

    @router.get("/metrics", summary="For Prometheus", response_class=Response, responses=_METRICS)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
