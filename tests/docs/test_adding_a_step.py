"""The worked example of docs/adding-a-step.md is the truth: its code is run here as it stands."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app import create_app
from orchestrator.saga.step import Step
from orchestrator.saga.table import ORDER_SAGA
from orchestrator.settings import Settings
from services.database.app import create_app as database_service
from services.inventory.app import create_app as inventory_service
from services.payment.app import create_app as payment_service
from services.settings import ServiceSettings
from services.shipping.app import create_app as shipping_service

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-step.md").read_text()
UPSTREAMS = {
    "database": database_service,
    "inventory": inventory_service,
    "payment": payment_service,
    "shipping": shipping_service,
}


def blocks() -> list[str]:
    """The page's Python, in order: the step's file, then the table."""
    return re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def saga_of_the_page() -> tuple[Step, ...]:
    """The table as the page writes it, with the step of the page in it."""
    step_file, table = blocks()
    names: dict[str, Any] = {step.name.upper(): step for step in ORDER_SAGA}
    exec(compile(step_file, "docs/adding-a-step.md", "exec"), names)  # noqa: S102 - our own page
    exec(compile(table, "docs/adding-a-step.md", "exec"), names)  # noqa: S102 - our own page
    saga: tuple[Step, ...] = names["ORDER_SAGA"]
    return saga


@dataclass
class FraudService:
    """A fraud service at the end of a transport: passes everybody but `u-crook`."""

    calls: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one call and remember its operation."""
        self.calls.append(request.headers["X-Idempotency-Key"].split(":")[1])
        if request.url.path.endswith("/drop"):
            case_id = request.url.path.split("/")[2]
            return httpx.Response(200, json={"id": case_id, "status": "dropped"})
        if b"u-crook" in request.content:
            return httpx.Response(422, json={"code": "suspicious"})
        case_id = str(uuid.uuid5(uuid.UUID(self.order_of(request)), "screening"))
        return httpx.Response(201, json={"id": case_id, "status": "passed"})

    @staticmethod
    def order_of(request: httpx.Request) -> str:
        """The order that a call is for."""
        return request.headers["X-Idempotency-Key"].split(":")[0]


@asynccontextmanager
async def shop(fraud: FraudService, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The order service with the page's saga, over the real reference services."""
    async with AsyncExitStack() as stack:
        transports: dict[str, httpx.AsyncBaseTransport] = {"fraud": httpx.MockTransport(fraud)}
        for name, make in UPSTREAMS.items():
            url = f"sqlite:///{folder}/{name}.db"
            service = make(ServiceSettings(_env_file=None, database_url=url))
            await stack.enter_async_context(service.router.lifespan_context(service))
            transports[name] = httpx.ASGITransport(service)
        settings = Settings(_env_file=None, extra_upstreams={"fraud": "http://fraud:8010"})
        orders = create_app(settings, saga=saga_of_the_page(), transports=transports)
        await stack.enter_async_context(orders.router.lifespan_context(orders))
        stock = httpx.AsyncClient(transport=transports["inventory"], base_url="http://inventory")
        await stock.put("/stock/SKU-1", json={"onHand": 10})
        yield httpx.AsyncClient(transport=httpx.ASGITransport(orders), base_url="http://orders")


def order(user: str, country: str = "IN") -> dict[str, Any]:
    """A basket of `user`."""
    return {
        "userId": user,
        "address": {"line1": "1", "city": "Pune", "country": country, "postalCode": "411001"},
        "items": [{"sku": "SKU-1", "qty": 1, "price": "10.00"}],
    }


async def test_the_step_runs_in_its_place(tmp_path: Path) -> None:
    """A good order is screened between authorizing and shipping, and confirmed."""
    fraud = FraudService()
    async with shop(fraud, tmp_path) as client:
        answer = await client.post("/orders", json=order("u-1"))

    steps = [line["step"] for line in answer.json()["timeline"]]
    assert (201, ["screen"]) == (answer.status_code, fraud.calls)
    assert ["reserve", "authorize", "screen", "ship", "capture", "commit"] == steps


async def test_its_refusal_is_told_and_the_steps_before_it_are_undone(tmp_path: Path) -> None:
    """A suspicious order is declined; money and stock come back."""
    fraud = FraudService()
    async with shop(fraud, tmp_path) as client:
        answer = await client.post("/orders", json=order("u-crook"))
        seen = (await client.get(answer.headers["Location"])).json()

    undone = [line["operation"] for line in seen["timeline"] if line["kind"] == "undo"]
    assert (402, "completed") == (answer.status_code, answer.json()["compensation"])
    assert ["refund", "release"] == undone


async def test_it_is_undone_when_a_later_step_fails(tmp_path: Path) -> None:
    """An order that shipping refuses drops the case, newest first."""
    fraud = FraudService()
    async with shop(fraud, tmp_path) as client:
        answer = await client.post("/orders", json=order("u-1", country="AQ"))
        seen = (await client.get(answer.headers["Location"])).json()

    undone = [line["operation"] for line in seen["timeline"] if line["kind"] == "undo"]
    assert 422 == answer.status_code
    assert ["drop", "refund", "release"] == undone
    assert ["screen", "drop"] == fraud.calls
