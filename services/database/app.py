"""Routes of the database service: parse, run one command or query, render."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response
from pydantic_core import to_json

from services.contract import Id
from services.database import bulk, commands, queries
from services.database.model import (
    Abandon,
    Abandoned,
    Claim,
    CreateOrder,
    OrderStatus,
    Record,
    RecordPage,
    Records,
    Stats,
    UpdateOrder,
)
from services.database.record import render, render_head, render_many, stored_text
from services.database.schema import MIGRATIONS
from services.documented import leads_to
from services.periodic import Periodic
from services.settings import ServiceSettings
from services.storage import BulkWork, Storage
from services.web import Identifier, PlainText, create_service, json_response

TITLE = "Database Service"
OrderId = Annotated[Id, Path(alias="order_id")]
Answers = dict[int | str, dict[str, Any]]

UNKNOWN_ORDER: Answers = {404: {"description": "unknown_order"}}
NEXT: dict[str, Any] = leads_to("/orders/{order_id}", "get", "patch", "/abandon post")
CREATED: Answers = {
    201: {"model": Record, "description": "Kept; or kept before under this id", **NEXT},
    200: {"model": Record, "description": "The order to which the key was bound before", **NEXT},
    410: {"description": "abandoned: this id is dead for good"},
}
UPDATED: Answers = {
    200: {"model": Record, "description": "Written; or written before under this writeId"},
    409: {"description": "version_conflict, illegal_transition (both with the present `record`)"},
    **UNKNOWN_ORDER,
}
ABANDONED: Answers = {
    200: {"model": Abandoned, "description": "Abandoned, for good"},
    409: {"description": "taken_over: the order has moved on"},
}
LISTED: Answers = {
    200: {"model": RecordPage, "description": "A page, newest first"},
    400: {"description": "invalid_cursor"},
}


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """Return the database service, by the environment's settings unless given others."""
    settings = settings or ServiceSettings()
    purge = Periodic("purge expired keys", settings.key_purge_interval_s, purge_expired_keys)
    return create_service("database", TITLE, MIGRATIONS, add_routes, settings, periodic=[purge])


async def purge_expired_keys(storage: Storage) -> None:
    """Delete expired keys of final orders, a batch per transaction, until few are left."""
    while await storage.run(commands.purge_keys) == commands.PURGE_BATCH:
        pass


def add_routes(app: FastAPI, storage: Callable[[], Storage]) -> None:
    """Add all routes of this service."""
    _add_commands(app, storage)
    _add_queries(app, storage)


def _add_commands(app: FastAPI, storage: Callable[[], Storage]) -> None:
    @app.post("/orders", tags=["commands"], status_code=201, responses=CREATED)
    async def create_order(body: CreateOrder, request: Request) -> Response:
        """Keep an order and bind its key; 200 with the existing order of a known key."""
        texts = stored_text(body.order, "/order"), stored_text(body.progress, "/progress")
        new = commands.NewOrder(body, *texts)
        stored = await storage().run(BulkWork(commands.create, bulk.create, new))
        as_sent = stored.status == _CREATED and stored.row["version"] == 1
        return _record(stored, brief=as_sent and _wants_brief(request))

    @app.post("/orders/claim", tags=["commands"], responses={200: {"model": Records}})
    async def claim_orders(body: Claim) -> Response:
        """Lease unfinished orders whose lease has run out."""
        rows, now_ms = await storage().run(lambda tx: commands.claim(tx, body))
        return json_response(b'{"items":%b}' % render_many(rows, now_ms))

    @app.patch("/orders/{order_id}", tags=["commands"], responses=UPDATED)
    async def update_order(order_id: OrderId, body: UpdateOrder, request: Request) -> Response:
        """Compare and set on version and owner; a repeated writeId repeats its answer."""
        progress = stored_text(body.progress, "/progress")
        brief = _wants_brief(request)
        write = commands.Write(order_id, body, progress, brief)
        stored = await storage().run(BulkWork(commands.update, bulk.update, write))
        return _record(stored, brief=brief)

    @app.post("/orders/{order_id}/abandon", tags=["commands"], responses=ABANDONED)
    async def abandon_order(order_id: OrderId, body: Abandon) -> Response:
        """Take a create back, or keep one that is still to come from ever being."""
        await storage().run(lambda tx: commands.abandon(tx, order_id, body))
        return json_response(b'{"abandoned":true}')


def _add_queries(app: FastAPI, storage: Callable[[], Storage]) -> None:
    found: Answers = {200: {"model": Record}, **UNKNOWN_ORDER}

    @app.get("/orders/{order_id}", tags=["queries"], responses=found)
    async def get_order(order_id: OrderId) -> Response:
        """Return an order as it stands."""
        row, now_ms = await storage().read(lambda tx: queries.get(tx, order_id))
        return json_response(render(row, now_ms))

    bound: Answers = {200: {"model": Record}, 404: {"description": "unknown_key"}}

    @app.get("/keys", tags=["queries"], responses=bound)
    async def get_by_key(caller: PlainText, key: Identifier) -> Response:
        """Return the order a caller's key is bound to."""
        row, now_ms = await storage().read(lambda tx: queries.by_key(tx, caller, key))
        return json_response(render(row, now_ms))

    @app.get("/orders", tags=["queries"], responses=LISTED)
    async def list_orders(
        *,
        user_id: Annotated[PlainText | None, Query(alias="userId")] = None,
        status: OrderStatus | None = None,
        caller: PlainText | None = None,
        attention: bool = False,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Return a page of orders, newest first."""
        wanted = queries.Filter(user_id, status, caller, attention)
        after = queries.decode_cursor(cursor) if cursor is not None else None
        rows, then, now_ms = await storage().read(
            lambda tx: queries.newest(tx, wanted, limit, after)
        )
        next_cursor = to_json(then.encode() if then else None)
        items = render_many(rows, now_ms)
        return json_response(b'{"items":%b,"nextCursor":%b}' % (items, next_cursor))

    @app.get("/stats", tags=["queries"], responses={200: {"model": Stats}})
    async def get_stats() -> Response:
        """Return how much is unfinished and how much wants a person."""
        return json_response(to_json(await storage().read(queries.stats)))


_CREATED = 201


def _record(stored: commands.Stored, *, brief: bool) -> Response:
    """The record, or its head: what the caller has just sent itself, it need not be sent."""
    if not brief:
        return json_response(render(stored.row, stored.now_ms), stored.status)
    response = json_response(render_head(stored.row, stored.now_ms), stored.status)
    response.headers["Preference-Applied"] = "return=minimal"
    return response


def _wants_brief(request: Request) -> bool:
    """Whether the caller prefers a short answer (RFC 7240); any other preference is passed over."""
    return any(
        name == b"prefer" and b"return=minimal" in value.lower()
        for name, value in request.scope["headers"]
    )
