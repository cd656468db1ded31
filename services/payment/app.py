"""The payment service over HTTP: each route parses, runs one command or query, and answers."""

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
from services.payment import commands, queries
from services.payment.model import Ledger, Payment, PaymentRequest, Payments, Returned
from services.payment.schema import MIGRATIONS
from services.settings import ServiceSettings
from services.storage import Storage
from services.web import create_service, idempotency_key, respond

PaymentId = Annotated[str, Path(pattern=ID_PATTERN, description="Chosen by the caller.")]


def create_app(settings: ServiceSettings) -> FastAPI:
    """Build the service; its storage is opened when it starts."""

    def routes(app: FastAPI, storage: Callable[[], Storage]) -> None:
        _add_authorize(app, storage)
        _add_ends(app, storage)
        _add_payments(app, storage)
        _add_ledger(app, storage)

    return create_service("payment", "Payment Service", MIGRATIONS, routes, settings)


def _add_authorize(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.post(
        "/payments",
        status_code=201,
        tags=["payments"],
        summary="Set an amount aside",
        responses={
            201: {"model": Payment, "description": "Authorized"},
            402: {"description": "payment_declined"},
            409: {"description": "id_in_use: the id exists with another body"},
            410: {"description": "cancelled: this id has been voided or refunded, for good"},
            **KEYED,
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def authorize(body: PaymentRequest, request: Request) -> Response:
        """The amount is a decimal string with exactly the currency's digits after the point.

        **To see a payment declined**, pay for a user whose id starts with `decline`.
        """
        key = idempotency_key(request, default=f"{body.id}:authorize")
        return respond(await storage().run(lambda tx: commands.authorize(tx, body, key=key)))


def _add_ends(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.post(
        "/payments/{payment_id}/capture",
        tags=["payments"],
        summary="Take the money that was set aside",
        responses={
            200: {"model": Payment, "description": "Captured"},
            404: {"description": "unknown_payment"},
            409: {"description": "voided; refunded"},
            **KEYED,
        },
        openapi_extra=KEY_PARAMETER,
    )
    async def capture(payment_id: PaymentId, request: Request) -> Response:
        """Takes the whole amount, once."""
        key = idempotency_key(request, default=f"{payment_id}:capture")
        return respond(await storage().run(lambda tx: commands.capture(tx, payment_id, key=key)))

    @app.post(
        "/payments/{payment_id}/refund",
        tags=["payments"],
        summary="Undo a payment, whatever its state",
        responses={200: {"model": Returned, "description": "The money is back"}, **KEYED},
        openapi_extra=KEY_PARAMETER,
    )
    async def refund(payment_id: PaymentId, request: Request) -> Response:
        """`voided` when it had never been captured (or never heard of), else `refunded`.

        An authorize for this id that arrives later is refused with 410.
        """
        key = idempotency_key(request, default=f"{payment_id}:refund")
        return respond(await storage().run(lambda tx: commands.refund(tx, payment_id, key=key)))


def _add_payments(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.get(
        "/payments/{payment_id}",
        tags=["payments"],
        summary="One payment as it stands",
        responses={
            200: {"model": Payment, "description": "Found"},
            404: {"description": "unknown_payment"},
            **INVALID,
        },
    )
    async def get_payment(payment_id: PaymentId) -> Response:
        """An id that was refunded before it was authorized is shown too, without an amount."""
        return found(await storage().read(lambda tx: queries.get_payment(tx, payment_id)))

    @app.get(
        "/payments",
        tags=["payments"],
        summary="Payments, of one order or of all",
        responses={200: {"model": Payments, "description": "A page, by id"}, **INVALID},
    )
    async def list_payments(
        order_id: OrderId = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Response:
        """For audits."""
        return found(
            await storage().read(
                lambda tx: queries.list_payments(
                    tx, order_id=order_id, limit=limit, cursor=cursor or ""
                )
            )
        )


def _add_ledger(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.get(
        "/ledger",
        tags=["ledger"],
        summary="What all movements add up to",
        responses={200: {"model": Ledger, "description": "By currency"}},
    )
    async def get_ledger() -> Response:
        """Sums over every movement there ever was, not over the payments as they stand."""
        return found(await storage().read(queries.get_ledger))
