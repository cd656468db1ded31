"""What the OpenAPI page says of requests and answers; the handlers parse and render by hand."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.api.schemas import AddressIn, OrderRequest
from orchestrator.domain import OrderStatus

_SCHEMA = "#/components/schemas/{model}"


class _Shown(BaseModel):
    model_config = ConfigDict(extra="allow")


class ItemShown(_Shown):
    """A line of an order; the price has the currency's own number of digits."""

    sku: str
    qty: int
    price: str


class TimelineLine(_Shown):
    """A step, an undo, or something that befell the saga."""

    at: str
    kind: str = Field(description="act, undo or event")
    step: str | None = None
    operation: str | None = None
    outcome: str | None = Field(None, description="done, rejected, unknown or unsent")
    attempts: int | None = None
    ms: float | None = None
    error: dict[str, Any] | None = None
    note: str | None = None


class OrderShown(_Shown):
    """An order. The three ids name what was or would be created; look them up at their services."""

    id: str
    status: OrderStatus
    userId: str | None  # noqa: N815 - the wire's name
    address: AddressIn
    currency: str
    items: list[ItemShown]
    total: str
    reservationId: str  # noqa: N815
    paymentId: str  # noqa: N815
    shipmentId: str  # noqa: N815
    trackingNumber: str | None = None  # noqa: N815
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    failure: dict[str, Any] | None
    attention: dict[str, Any] | None
    timeline: list[TimelineLine]


class OrdersShown(_Shown):
    """A page of orders, newest first."""

    items: list[OrderShown]
    nextCursor: str | None  # noqa: N815


class ProblemShown(_Shown):
    """RFC 9457, with what is needed to decide what to do next."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    compensation: str = Field(description="completed, pending or none")
    retry: dict[str, bool]
    orderId: str | None = None  # noqa: N815
    orderStatus: OrderStatus | None = None  # noqa: N815
    upstream: dict[str, Any] | None = None
    errors: list[dict[str, str]] | None = None


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": kind}}


_LOCATION = {"Location": _header("/orders/{id}")}
_RETRY_AFTER = {"Retry-After": _header("seconds", "integer")}
_EVERY_ANSWER = {
    "X-Request-Id": _header("the request's, or one made for it"),
    "traceparent": _header("the request's, or one made for it (W3C Trace Context)"),
}


def _problem(description: str, **headers: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": _SCHEMA.format(model="ProblemShown")}
    content = {"application/problem+json": {"schema": schema}}
    return {"description": description, "content": content, "headers": headers}


_READ_FAILURES: dict[int | str, dict[str, Any]] = {
    422: _problem("a parameter is not valid"),
    502: _problem("the database service gave no usable answer"),
    503: _problem("the database service could not be reached", **_RETRY_AFTER),
    504: _problem("the database service did not answer in time"),
}

PLACE_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {
        "model": OrderShown,
        "description": "confirmed: charged, shipped, sold",
        "headers": {
            **_LOCATION,
            "Idempotent-Replayed": {
                "description": "there when an earlier request with this key was answered so",
                "schema": {"const": "true"},
            },
        },
    },
    202: {
        "model": OrderShown,
        "description": "charged; the last step follows in the background",
        "headers": _LOCATION,
    },
    400: _problem("malformed_json, invalid_idempotency_key"),
    402: _problem("payment_declined"),
    409: _problem("out_of_stock, unknown_sku, order_in_progress"),
    413: _problem("body_too_large"),
    422: _problem("validation_failed, idempotency_key_reused, shipment_refused"),
    502: _problem("upstream_error"),
    503: _problem("upstream_unavailable, overloaded", **_RETRY_AFTER),
    504: _problem("deadline_exceeded"),
}

ORDER_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": OrderShown},
    404: _problem("order_not_found"),
    **_READ_FAILURES,
}

LIST_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": OrdersShown}, **_READ_FAILURES}

ORDER_BODY: dict[str, Any] = {
    "parameters": [
        {
            "name": "X-Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "1-255 visible ASCII characters; Idempotency-Key is accepted too",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": _SCHEMA.format(model="OrderRequest")}}},
    },
}


def document(app: FastAPI) -> None:
    """Make `app.openapi()` also hold the models that no handler declares."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            for model in (OrderRequest, ProblemShown):
                own = model.model_json_schema(ref_template=_SCHEMA)
                components.update(own.pop("$defs", {}))
                components[model.__name__] = own
            for answer in _answers(schema):
                answer["headers"] = answer.get("headers", {}) | _EVERY_ANSWER
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _answers(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in schema["paths"].values():
        for operation in operations.values():
            yield from operation["responses"].values()


def methods_at(app: FastAPI, request: Request) -> str:
    """The methods that the document has for the request's path, as `Allow` lists them."""
    paths = app.openapi()["paths"]
    templates = sorted(paths, key=lambda template: (template.count("{"), -len(template)))
    path = request.scope["path"]
    hit = (t for t in templates if re.fullmatch(re.sub(r"\{[^}]*\}", ".+", t), path, re.DOTALL))
    return ", ".join(sorted(method.upper() for method in paths.get(next(hit, ""), ())))
