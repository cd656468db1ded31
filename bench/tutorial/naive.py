"""An order service as tutorials on the saga pattern write it, with FastAPI, httpx and tenacity.

It works when nothing fails and when a step is refused. The habits it models are those of most
tutorials, posts and samples that a search brings up:

- `@retry` on the function that makes the call, so every try is built anew: new id, no key
  (where the upstream chooses the id, a repeated POST comes to the same);
- any exception is worth three tries, a refusal too;
- a step goes on the list of compensations once its answer has come;
- `except Exception`: run the list backwards; a compensation that fails is logged, and that is all;
- progress lives in local variables;
- idempotency keys live in a dict, looked up first and filled in last.

In its favour, beyond most of them: the order is in the database before the first call, money is a
Decimal, every call has a time-out, and compensations are tried three times like everything else.

    uvicorn bench.tutorial.naive:app --port 8004
"""

import logging
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Final

import httpx
from fastapi import FastAPI, Header, HTTPException, Response
from tenacity import retry, stop_after_attempt, wait_exponential

from bench.tutorial import orders
from bench.tutorial.order import OrderRequest, lines, shown

INVENTORY_URL: Final = os.getenv("INVENTORY_URL", "http://localhost:8006")
PAYMENT_URL: Final = os.getenv("PAYMENT_URL", "http://localhost:8005")
SHIPPING_URL: Final = os.getenv("SHIPPING_URL", "http://localhost:8007")
TIMEOUT_S: Final = float(os.getenv("UPSTREAM_TIMEOUT_S", "5"))
ATTEMPTS: Final = int(os.getenv("RETRY_ATTEMPTS", "3"))

logger = logging.getLogger("orders")
http = httpx.AsyncClient(timeout=TIMEOUT_S)
processed: dict[str, dict[str, Any]] = {}

with_retry: Final = retry(
    stop=stop_after_attempt(ATTEMPTS), wait=wait_exponential(multiplier=0.1), reraise=True
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections at the end."""
    async with http:
        yield


app = FastAPI(title="Order Service", lifespan=lifespan)


async def post(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """POST and return what comes back; `httpx.HTTPError` when it is not a success."""
    answer = await http.post(url, json=body)
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return content


@with_retry
async def reserve_stock(order_id: str, order: dict[str, Any]) -> str:
    """Hold the units."""
    body = {"id": str(uuid.uuid4()), "orderId": order_id, "items": lines(order)}
    return str((await post(f"{INVENTORY_URL}/reserve", body))["id"])


@with_retry
async def authorize_payment(order_id: str, order: dict[str, Any]) -> str:
    """Set the amount aside."""
    body = {"id": str(uuid.uuid4()), "orderId": order_id, "userId": order["userId"]}
    amount = {"amount": order["total"], "currency": order["currency"]}
    return str((await post(f"{PAYMENT_URL}/payments", body | amount))["id"])


@with_retry
async def create_shipment(order_id: str, order: dict[str, Any]) -> str:
    """Have the parcel made ready."""
    body = {"id": str(uuid.uuid4()), "orderId": order_id, "address": order["address"]}
    return str((await post(f"{SHIPPING_URL}/shipments", body | {"items": lines(order)}))["id"])


@with_retry
async def act_on(url: str) -> None:
    """Capture, commit, or take one step back."""
    await post(url)


class Saga:
    """One order's way through the services."""

    def __init__(self, order_id: str, order: dict[str, Any]) -> None:
        self.order_id = order_id
        self.order = order
        self.compensations: list[Callable[[], Awaitable[None]]] = []

    async def run(self) -> dict[str, str]:
        """Take all steps and return the ids of what was made."""
        reservation = await reserve_stock(self.order_id, self.order)
        self.on_failure(f"{INVENTORY_URL}/reservations/{reservation}/release")
        payment = await authorize_payment(self.order_id, self.order)
        self.on_failure(f"{PAYMENT_URL}/payments/{payment}/refund")
        shipment = await create_shipment(self.order_id, self.order)
        self.on_failure(f"{SHIPPING_URL}/shipments/{shipment}/cancel")
        await act_on(f"{PAYMENT_URL}/payments/{payment}/capture")
        await act_on(f"{INVENTORY_URL}/reservations/{reservation}/commit")
        return {"reservationId": reservation, "paymentId": payment, "shipmentId": shipment}

    def on_failure(self, url: str) -> None:
        """Remember how a step is taken back."""
        self.compensations.append(partial(act_on, url))

    async def compensate(self) -> None:
        """Take back what was done, the last first."""
        for compensation in reversed(self.compensations):
            try:
                await compensation()
            except Exception:
                logger.exception("compensation failed for order %s", self.order_id)


@with_retry
async def set_status(record: dict[str, Any], status: str, ids: dict[str, str]) -> dict[str, Any]:
    """Update the order in the database."""
    return await orders.set_status(http, record, status, ids)


@app.post("/orders", status_code=201)
async def create_order(
    request: OrderRequest,
    response: Response,
    x_idempotency_key: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Place an order."""
    if x_idempotency_key in processed:
        return processed[x_idempotency_key]
    order_id, order = str(uuid.uuid4()), request.document()
    record, _ = await orders.insert(http, order_id, order)
    saga = Saga(order_id, order)
    try:
        ids = await saga.run()
        result = shown(await set_status(record, "CONFIRMED", ids))
    except Exception as error:
        logger.exception("order %s failed", order_id)
        await saga.compensate()
        await set_status(record, "FAILED", {})
        detail = {"message": f"Order failed: {error}", "orderId": order_id, "status": "FAILED"}
        raise HTTPException(500, detail) from error
    if x_idempotency_key:
        processed[x_idempotency_key] = result
    response.headers["Location"] = f"/orders/{order_id}"
    return result


@app.get("/orders/{order_id}")
async def get_order(order_id: str) -> dict[str, Any]:
    """Show an order as it stands."""
    try:
        return shown(await orders.find(http, order_id))
    except httpx.HTTPStatusError as error:
        raise HTTPException(404, "Order not found") from error


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it runs."""
    return {"status": "ok", "service": "Order Service"}
