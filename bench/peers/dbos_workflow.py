"""DBOS: the order as a durable workflow, each call a step whose result is kept in PostgreSQL.

The request's key is the workflow's id, so that a repeat finds the workflow that is there. All of
it is async, the calls go through aiohttp, and the pool is DBOS's own (64 connections were tried and
are slower). `ORDER_STEPS=5` leaves out the two calls to the database service: then DBOS's own
record of the workflow is all there is of an order.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import aiohttp
from dbos import DBOS, DBOSConfig, SetWorkflowID
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse

from bench.peers.calls import Call, after, before, new_order, steps
from bench.peers.fastapi_app import OrderRequest

_WITHOUT_DATABASE_SERVICE: Final = os.environ.get("ORDER_STEPS") == "5"

DBOS(
    config=DBOSConfig(
        name="orders",
        system_database_url=os.environ["DATABASE_URL"],
        log_level="WARNING",
        enable_otlp=False,
    )
)
_sessions: list[aiohttp.ClientSession] = []


async def make_call(call: Call) -> dict[str, Any]:
    """One step: a call, and its answer as the step's result."""
    request = _sessions[0].request(call.method, call.url, json=call.body, headers=call.headers)
    async with request as answer:
        content: dict[str, Any] = await answer.json()
        return content


step: Final = DBOS.step()(make_call)


async def place(order: dict[str, Any]) -> dict[str, Any]:
    """The workflow: resumed after its last finished step, should this process die."""
    calls = steps(order)
    if not _WITHOUT_DATABASE_SERVICE:
        calls = [before(order), *calls, after(order)]
    for call in calls:
        await step(call)
    return {**order, "status": "CONFIRMED"}


workflow: Final = DBOS.workflow()(place)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the session and start DBOS, its migrations included."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, raise_for_status=True) as session:
        _sessions.append(session)
        DBOS.launch()
        yield
        DBOS.destroy()


app = FastAPI(lifespan=lifespan)


@app.post("/orders")
async def place_order(
    asked: OrderRequest, x_idempotency_key: Annotated[str, Header()]
) -> JSONResponse:
    """Run the workflow of this key and wait for its end."""
    order = new_order(asked.model_dump())
    for item in order["items"]:
        item["price"] = str(item["price"])
    with SetWorkflowID(x_idempotency_key):
        return JSONResponse(await workflow(order), status_code=201)


@app.get("/readyz")
async def ready() -> dict[str, str]:
    """DBOS has been launched before anything is served."""
    return {"status": "ok"}
