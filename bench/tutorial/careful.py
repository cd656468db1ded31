"""An order service written with care, by somebody who keeps a saga's progress in memory.

It mends what `naive` does wrong as far as that goes without recovery:

- ids are made from the order's id, and every call has one key over all its tries;
- only what may pass is retried (no answer, 5xx, 408, 425, 429), never a refusal;
- a step whose outcome is unknown is taken back like one that succeeded;
- compensations are tried eight times with growing pauses; if one still fails, that is logged and
  the order stays PENDING for a person to see;
- the client's key is bound by one atomic insert in the database; a duplicate waits for the first.

What it lacks: the decision to go back is not written down, no order has an owner whose death is
noticed, and nobody looks for orders that a dead process left behind.

    uvicorn bench.tutorial.careful:app --port 8004
"""

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

import httpx
from fastapi import FastAPI, Header, HTTPException, Response
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from bench.tutorial import orders
from bench.tutorial.order import OrderRequest, lines, shown

INVENTORY_URL: Final = os.getenv("INVENTORY_URL", "http://localhost:8006")
PAYMENT_URL: Final = os.getenv("PAYMENT_URL", "http://localhost:8005")
SHIPPING_URL: Final = os.getenv("SHIPPING_URL", "http://localhost:8007")
TIMEOUT_S: Final = float(os.getenv("UPSTREAM_TIMEOUT_S", "5"))
ATTEMPTS: Final = int(os.getenv("RETRY_ATTEMPTS", "3"))
UNDO_ATTEMPTS: Final = 8
"""With pauses of 0.1 to 1 s: as long as a client can reasonably be kept waiting."""
DUPLICATE_WAIT_S: Final = 5
"""How long a duplicate waits for the first request before it is told to come again."""

PASSING: Final = frozenset({408, 425, 429})
SERVER_ERROR: Final = 500

logger = logging.getLogger("orders")
http = httpx.AsyncClient(timeout=TIMEOUT_S)


def may_pass(error: BaseException) -> bool:
    """Whether another try makes sense, and whether the call may have been carried out."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return status >= SERVER_ERROR or status in PASSING
    return isinstance(error, httpx.TransportError)


patiently: Final = retry(
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_exponential_jitter(initial=0.1, max=1, jitter=0.1),
    retry=retry_if_exception(may_pass),
    reraise=True,
)
stubbornly: Final = retry(
    stop=stop_after_attempt(UNDO_ATTEMPTS),
    wait=wait_exponential_jitter(initial=0.1, max=1, jitter=0.1),
    retry=retry_if_exception(may_pass),
    reraise=True,
)


@dataclass(frozen=True)
class Step:
    """A call and how it is taken back; of capture and commit, an earlier step's undo does that."""

    key: str
    url: str
    body: dict[str, Any] | None = None
    undo_key: str = ""
    undo_url: str = ""


def steps_of(order_id: str, order: dict[str, Any], ids: dict[str, str]) -> Sequence[Step]:
    """All steps of an order, named from its id alone."""
    reservation = f"{INVENTORY_URL}/reservations/{ids['reservationId']}"
    payment = f"{PAYMENT_URL}/payments/{ids['paymentId']}"
    shipment = f"{SHIPPING_URL}/shipments/{ids['shipmentId']}"
    held = {"id": ids["reservationId"], "orderId": order_id, "items": lines(order)}
    paid = {"id": ids["paymentId"], "orderId": order_id, "userId": order["userId"]}
    paid |= {"amount": order["total"], "currency": order["currency"]}
    sent = {"id": ids["shipmentId"], "orderId": order_id, "address": order["address"]}
    sent |= {"items": lines(order)}
    return (
        Step("reserve", f"{INVENTORY_URL}/reserve", held, "release", f"{reservation}/release"),
        Step("authorize", f"{PAYMENT_URL}/payments", paid, "refund", f"{payment}/refund"),
        Step("ship", f"{SHIPPING_URL}/shipments", sent, "cancel", f"{shipment}/cancel"),
        Step("capture", f"{payment}/capture"),
        Step("commit", f"{reservation}/commit"),
    )


async def post(url: str, key: str, body: dict[str, Any] | None = None) -> None:
    """POST under a key; `httpx.HTTPError` when it is not a success."""
    answer = await http.post(url, json=body, headers={"X-Idempotency-Key": key})
    answer.raise_for_status()


async def undo(order_id: str, begun: Sequence[Step]) -> bool:
    """Take back what was begun, the last first; tell whether all of it was."""
    complete = True
    for step in reversed([step for step in begun if step.undo_url]):
        try:
            await stubbornly(post)(step.undo_url, f"{order_id}:{step.undo_key}")
        except httpx.HTTPError:
            logger.exception("order %s: %s needs a person", order_id, step.undo_key)
            complete = False
    return complete


async def run(record: dict[str, Any]) -> dict[str, Any]:
    """Take all steps, or take them back; return the order as it was last written."""
    order_id = record["id"]
    words = {"reservationId": "reservation", "paymentId": "payment", "shipmentId": "shipment"}
    ids = {name: str(uuid.uuid5(uuid.UUID(order_id), word)) for name, word in words.items()}
    begun: list[Step] = []
    try:
        for step in steps_of(order_id, record["order"], ids):
            begun.append(step)
            await patiently(post)(step.url, f"{order_id}:{step.key}", step.body)
    except httpx.HTTPError:
        logger.exception("order %s goes back", order_id)
        if not await undo(order_id, begun):
            return record
        return await stubbornly(orders.set_status)(http, record, "FAILED")
    return await stubbornly(orders.set_status)(http, record, "CONFIRMED", ids)


async def first_answer(record: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    """What the first request under a key came to."""
    if record["fingerprint"] != orders.fingerprint(order):
        raise HTTPException(422, "This key was used for another order.")
    give_up_at = asyncio.get_running_loop().time() + DUPLICATE_WAIT_S
    while record["status"] == "PENDING":
        if asyncio.get_running_loop().time() > give_up_at:
            raise HTTPException(409, "The order is still being worked on.", {"Retry-After": "1"})
        await asyncio.sleep(0.1)
        record = await orders.find(http, record["id"])
    return record


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections at the end."""
    async with http:
        yield


app = FastAPI(title="Order Service", lifespan=lifespan)


@app.post("/orders", status_code=201)
async def create_order(
    request: OrderRequest,
    response: Response,
    x_idempotency_key: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Place an order."""
    order_id, order = str(uuid.uuid4()), request.document()
    record, is_new = await patiently(orders.insert)(http, order_id, order, x_idempotency_key)
    record = await run(record) if is_new else await first_answer(record, order)
    if record["status"] != "CONFIRMED":
        detail = {"message": "Order failed", "orderId": record["id"], "status": record["status"]}
        raise HTTPException(500, detail)
    response.headers["Location"] = f"/orders/{record['id']}"
    return shown(record)


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
