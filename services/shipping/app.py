"""The shipping service over HTTP: each route parses, runs one command or query, and answers."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import Response

from services.contract import (
    ID_PATTERN,
    INVALID,
    KEY_PARAMETER,
    KEYED,
    Cursor,
    Limit,
    OrderId,
    found,
)
from services.settings import ServiceSettings
from services.shipping import commands, queries
from services.shipping.model import Cancelled, Shipment, ShipmentRequest, Shipments
from services.shipping.schema import MIGRATIONS
from services.storage import Storage
from services.web import create_service, idempotency_key, respond

ShipmentId = Annotated[str, Path(pattern=ID_PATTERN, description="Chosen by the caller.")]


def create_app(settings: ServiceSettings) -> FastAPI:
    """Build the service; its storage is opened when it starts."""

    def routes(app: FastAPI, storage: Callable[[], Storage]) -> None:
        _add_create(app, storage)
        _add_ends(app, storage)
        _add_shipments(app, storage)

    return create_service("shipping", "Shipping Service", MIGRATIONS, routes, settings)


def _add_create(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.post(
        "/shipments",
        status_code=201,
        tags=["shipments"],
        summary="Have a parcel made ready",
        responses={
            201: {"model": Shipment, "description": "Created"},
            409: {"description": "id_in_use: the id exists with another body"},
            410: {"description": "cancelled: this id has been cancelled, for good"},
            400: KEYED[400],
            422: {"description": "address_not_served; " + KEYED[422]["description"]},
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def create(body: ShipmentRequest, request: Request) -> Response:
        """The tracking number is derived from the id.

        **To see an address refused**, send to country `AQ` or to postal code `00000`.
        """
        key = idempotency_key(request, default=f"{body.id}:ship")
        return respond(await storage().run(lambda tx: commands.create(tx, body, key=key)))


def _add_ends(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.post(
        "/shipments/{shipment_id}/dispatch",
        tags=["shipments"],
        summary="Let the parcel leave the warehouse",
        responses={
            200: {"model": Shipment, "description": "Dispatched: it cannot be cancelled any more"},
            404: {"description": "unknown_shipment"},
            409: {"description": "cancelled"},
            **KEYED,
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def dispatch(shipment_id: ShipmentId, request: Request) -> Response:
        """What the warehouse says, not the order service."""
        key = idempotency_key(request, default=f"{shipment_id}:dispatch")
        return respond(await storage().run(lambda tx: commands.dispatch(tx, shipment_id, key=key)))

    @app.post(
        "/shipments/{shipment_id}/cancel",
        tags=["shipments"],
        summary="Undo a shipment that is still here",
        responses={
            200: {"model": Cancelled, "description": "Cancelled, for good"},
            409: {"description": "dispatched: it has left the warehouse"},
            **KEYED,
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def cancel(shipment_id: ShipmentId, request: Request) -> Response:
        """Also for an id never heard of.

        A create for this id that arrives later is refused with 410.
        """
        key = idempotency_key(request, default=f"{shipment_id}:cancel")
        return respond(await storage().run(lambda tx: commands.cancel(tx, shipment_id, key=key)))


def _add_shipments(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.get(
        "/shipments/{shipment_id}",
        tags=["shipments"],
        summary="One shipment as it stands",
        responses={
            200: {"model": Shipment, "description": "Found"},
            404: {"description": "unknown_shipment"},
            **INVALID,
        },
    )
    async def get_shipment(shipment_id: ShipmentId) -> Response:
        """An id that was cancelled before it was created is shown too, without an order."""
        return found(await storage().read(lambda tx: queries.get_shipment(tx, shipment_id)))

    @app.get(
        "/shipments",
        tags=["shipments"],
        summary="Shipments, of one order or of all",
        responses={200: {"model": Shipments, "description": "A page, by id"}, **INVALID},
    )
    async def list_shipments(
        order_id: OrderId = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Response:
        """For audits."""
        return found(
            await storage().read(
                lambda tx: queries.list_shipments(
                    tx, order_id=order_id, limit=limit, cursor=cursor or ""
                )
            )
        )
