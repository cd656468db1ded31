"""Orders that the tests place."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from orchestrator.api.schemas import parse_order
from orchestrator.domain import Order, Trace

TRACE = Trace("request-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1")

ADDRESS = {"line1": "1 Main Street", "city": "Pune", "country": "IN", "postalCode": "411001"}


def order_body(**changed: object) -> dict[str, Any]:
    """Give the JSON of `POST /orders`."""
    items = [{"sku": "SKU-1", "qty": 2, "price": "499.50"}]
    return {"userId": "u-1", "address": ADDRESS, "currency": "INR", "items": items, **changed}


def an_order(order_id: str | None = None, body: Mapping[str, Any] | None = None) -> Order:
    """Give an order as the API makes it, with an id of its own."""
    return parse_order(body or order_body(), order_id=order_id or str(uuid4()), trace=TRACE)
