"""The inventory over HTTP: each route parses, runs one command or query, and answers."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import Response

from services.answers import Answer
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
from services.documented import leads_to
from services.inventory import commands, queries
from services.inventory.expiry import sweep_idle, sweep_now
from services.inventory.model import (
    Released,
    Reservation,
    Reservations,
    ReserveRequest,
    Stock,
    StockPage,
    StockRequest,
)
from services.inventory.schema import MIGRATIONS
from services.periodic import Periodic
from services.settings import ServiceSettings
from services.storage import Storage
from services.web import PlainText, create_service, idempotency_key, respond

ReservationId = Annotated[str, Path(pattern=ID_PATTERN, description="Chosen by the caller.")]
Sku = Annotated[PlainText, Path()]


def create_app(settings: ServiceSettings) -> FastAPI:
    """Build the service; its storage is opened when it starts."""

    def routes(app: FastAPI, storage: Callable[[], Storage]) -> None:
        _add_reserve(app, storage, ttl_ms=round(settings.reservation_ttl_s * 1000))
        _add_ends(app, storage)
        _add_reservations(app, storage)
        _add_stock(app, storage)

    sweep = Periodic("sweep expired reservations", settings.sweep_interval_s, sweep_idle)
    return create_service(
        "inventory", "Inventory Service", MIGRATIONS, routes, settings, periodic=[sweep]
    )


def _add_reserve(app: FastAPI, storage: Callable[[], Storage], *, ttl_ms: int) -> None:
    @app.post(
        "/reserve",
        status_code=201,
        tags=["reservations"],
        summary="Hold the units of an order",
        responses={
            201: {
                "model": Reservation,
                "description": "Held until `expiresAt`",
                **leads_to(
                    "/reservations/{reservation_id}", "get", "/commit post", "/release post"
                ),
            },
            409: {"description": "out_of_stock, unknown_sku (with shortages); id_in_use"},
            410: {"description": "cancelled: this id has been released, for good"},
            **KEYED,
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def reserve(body: ReserveRequest, request: Request) -> Response:
        """All units or none. They are for sale again unless committed before `expiresAt`."""
        key = idempotency_key(request, default=f"{body.id}:reserve")

        async def attempt(*, swept: bool) -> Answer:
            return await storage().run(
                lambda tx: commands.reserve(tx, body, key=key, ttl_ms=ttl_ms, swept=swept)
            )

        try:
            answer = await attempt(swept=False)
        except commands.SweepFirst:
            await sweep_now(storage())
            answer = await attempt(swept=True)
        return respond(answer)


def _add_ends(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.post(
        "/reservations/{reservation_id}/commit",
        tags=["reservations"],
        summary="Sell what is reserved",
        responses={
            200: {"model": Reservation, "description": "Committed"},
            404: {"description": "unknown_reservation"},
            409: {"description": "expired; released"},
            **KEYED,
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def commit(reservation_id: ReservationId, request: Request) -> Response:
        """The units leave the shelf: `onHand` and `reserved` both fall."""
        key = idempotency_key(request, default=f"{reservation_id}:commit")
        return respond(await storage().run(lambda tx: commands.commit(tx, reservation_id, key=key)))

    @app.post(
        "/reservations/{reservation_id}/release",
        tags=["reservations"],
        summary="Undo a reservation, whatever its state",
        responses={200: {"model": Released, "description": "Released, for good"}, **KEYED},
        openapi_extra=KEY_PARAMETER,
    )
    async def release(reservation_id: ReservationId, request: Request) -> Response:
        """Also from committed (the units go back on the shelf), and for an id never heard of.

        A reserve for this id that arrives later is refused with 410.
        """
        key = idempotency_key(request, default=f"{reservation_id}:release")
        return respond(
            await storage().run(lambda tx: commands.release(tx, reservation_id, key=key))
        )


def _add_reservations(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.get(
        "/reservations/{reservation_id}",
        tags=["reservations"],
        summary="One reservation as it stands",
        responses={
            200: {"model": Reservation, "description": "Found"},
            404: {"description": "unknown_reservation"},
            **INVALID,
        },
    )
    async def get_reservation(reservation_id: ReservationId) -> Response:
        """An id that was released before it was reserved is shown too, without an order."""
        return found(await storage().read(lambda tx: queries.get_reservation(tx, reservation_id)))

    @app.get(
        "/reservations",
        tags=["reservations"],
        summary="Reservations, of one order or of all",
        responses={200: {"model": Reservations, "description": "A page, by id"}, **INVALID},
    )
    async def list_reservations(
        order_id: OrderId = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Response:
        """For audits."""
        return found(
            await storage().read(
                lambda tx: queries.list_reservations(
                    tx, order_id=order_id, limit=limit, cursor=cursor or ""
                )
            )
        )


def _add_stock(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.get(
        "/stock",
        tags=["stock"],
        summary="All stock",
        responses={200: {"model": StockPage, "description": "A page, by sku"}, **INVALID},
    )
    async def list_stock(cursor: Cursor = None, limit: Limit = 100) -> Response:
        """For audits."""
        return found(
            await storage().read(
                lambda tx: queries.list_stock(tx, limit=limit, cursor=cursor or "")
            )
        )

    @app.get(
        "/stock/{sku:path}",
        tags=["stock"],
        summary="The stock of one product",
        responses={
            200: {"model": Stock, "description": "Found"},
            404: {"description": "unknown_sku"},
            **INVALID,
        },
    )
    async def get_stock(sku: Sku) -> Response:
        """`available` = `onHand` - `reserved`."""
        return found(await storage().read(lambda tx: queries.get_stock(tx, sku)))

    @app.put(
        "/stock/{sku:path}",
        tags=["stock"],
        summary="Say what lies on the shelf",
        responses={
            200: {"model": Stock, "description": "Set"},
            400: {"description": "malformed_json"},
            409: {"description": "below_reserved: more units than that are reserved"},
            **INVALID,
        },
    )
    async def put_stock(sku: Sku, body: StockRequest) -> Response:
        """Makes the product known if it was not. Reserved units count as on hand."""
        return respond(await storage().run(lambda tx: commands.put_stock(tx, sku, body.on_hand)))
