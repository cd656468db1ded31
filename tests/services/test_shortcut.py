"""The short way past the framework answers as the framework does, and is the way of every order.

A content type with a parameter sends a request the long way, so each can be asked both ways.
"""

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from services.database.app import create_app as database_app
from services.inventory.app import create_app as inventory_app
from services.payment.app import create_app as payment_app
from services.settings import ServiceSettings
from services.shipping.app import create_app as shipping_app
from services.shortcut import Shortcuts
from tests.services.in_process import MakeApp, code_of, running
from tests.services.orders import claim, finished, new_order, write

LONG_WAY = "application/json; charset=utf-8"
ADDRESS = {"line1": "1 Main Street", "city": "Pune", "country": "IN", "postalCode": "411001"}
RESERVE = {"id": "r-1", "orderId": "o-1", "items": [{"sku": "SKU-1", "qty": 1}]}
PAY = {"id": "p-1", "orderId": "o-1", "userId": "u", "amount": "999.00", "currency": "INR"}
SHIP = {"id": "s-1", "orderId": "o-1", "address": ADDRESS, "items": [{"sku": "SKU-1", "qty": 1}]}
VARYING = {"createdAt", "updatedAt", "expiresAt", "ageS"}
"""Members that tell the time."""

SERVICES: dict[str, tuple[MakeApp, list[tuple[str, str, Any]]]] = {
    "database": (
        database_app,
        [
            ("POST", "/orders", new_order(key="k")),
            ("POST", "/orders", new_order(key="k")),
            ("POST", "/orders", new_order("o-2", key="k")),
            ("POST", "/orders", new_order("o 3")),
            ("POST", "/orders", {**new_order("o-4"), "unknown": 1}),
            ("POST", "/orders", {**new_order("o-5"), "leaseS": "60"}),
            ("POST", "/orders", []),
            ("PATCH", "/orders/o-1", write(1)),
            ("PATCH", "/orders/o-1", write(1, writeId="another")),
            ("PATCH", "/orders/none", write(1)),
            ("PATCH", "/orders/o%201", write(1)),
            ("PATCH", "/orders/o-1", finished(2)),
            ("PATCH", "/orders/o-1", write(3)),
            ("POST", "/orders/claim", claim()),
            ("POST", "/orders/claim", claim(limit=101)),
            ("POST", "/orders/o-9/abandon", {"owner": "w"}),
            ("POST", "/orders", new_order("o-9")),
            ("PUT", "/orders", new_order()),
        ],
    ),
    "inventory": (
        inventory_app,
        [
            ("PUT", "/stock/SKU-1", {"onHand": 1}),
            ("POST", "/reserve", RESERVE),
            ("POST", "/reserve", {**RESERVE, "id": "r-2"}),
            ("POST", "/reserve", {**RESERVE, "items": [{"sku": "NONE", "qty": 1}]}),
            ("POST", "/reserve", {**RESERVE, "items": []}),
            ("POST", "/reservations/r-1/commit", {}),
            ("POST", "/reservations/r-1/release", {}),
            ("POST", "/reservations/r-1/elsewhere", {}),
        ],
    ),
    "payment": (
        payment_app,
        [
            ("POST", "/payments", PAY),
            ("POST", "/payments", {**PAY, "id": "p-2", "userId": "decline"}),
            ("POST", "/payments", {**PAY, "amount": 999}),
            ("POST", "/payments/p-1/capture", {}),
            ("POST", "/payments/p-1/refund", {}),
            ("POST", "/payments/p-1/capture", {}),
        ],
    ),
    "shipping": (
        shipping_app,
        [
            ("POST", "/shipments", SHIP),
            ("POST", "/shipments", {**SHIP, "address": {}}),
            ("POST", "/shipments/s-1/cancel", {}),
            ("POST", "/shipments", {**SHIP, "items": [{"sku": "SKU-2", "qty": 2}]}),
        ],
    ),
}
CALLS_OF_AN_ORDER = [
    ("database", "POST", "/orders", new_order()),
    ("inventory", "POST", "/reserve", RESERVE),
    ("payment", "POST", "/payments", PAY),
    ("shipping", "POST", "/shipments", SHIP),
    ("payment", "POST", "/payments/p-1/capture", None),
    ("inventory", "POST", "/reservations/r-1/commit", None),
    ("database", "PATCH", "/orders/o-1", finished()),
    ("database", "GET", "/orders/o-1", None),
    ("database", "POST", "/orders/claim", claim()),
    ("payment", "POST", "/payments/p-1/refund", None),
    ("inventory", "POST", "/reservations/r-1/release", None),
    ("shipping", "POST", "/shipments/s-1/cancel", None),
]


def takes(shortcuts: Shortcuts, method: str, path: str, body: object) -> bool:
    """Tell whether the short way takes a request."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(b"content-type", b"application/json")],
    }
    answer = shortcuts.find(scope, json.dumps(body).encode())
    if inspect.iscoroutine(answer):
        answer.close()  # it is not asked, only looked for
    return answer is not None


def timeless(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return it without what differs from one run to the next."""
    if isinstance(value, dict):
        return {name: timeless(part) for name, part in value.items() if name not in VARYING}
    return [timeless(part) for part in value] if isinstance(value, list) else value


async def answers(service: str, content_type: str, path: Path) -> list[Any]:
    """Ask a new service everything, and return status, type and body of each answer."""
    make_app, requests = SERVICES[service]
    said = []
    async with running(make_app, f"sqlite:///{path}/{service}.db") as client:
        for method, where, body in requests:
            headers = {"content-type": content_type, "x-request-id": "r"}
            answer = await client.request(method, where, json=body, headers=headers)
            kept = {name: answer.headers.get(name) for name in ("content-type", "x-request-id")}
            said.append((where, answer.status_code, kept, timeless(answer.json())))
    return said


@pytest.mark.parametrize("service", SERVICES)
async def test_both_ways_answer_alike(service: str, tmp_path: Path) -> None:
    """Good requests, bad ones and refused ones: status, headers and body are the same."""
    short, long = await asyncio.gather(
        answers(service, "application/json", tmp_path / "short"),
        answers(service, LONG_WAY, tmp_path / "long"),
    )

    assert long == short


@pytest.mark.parametrize(("service", "method", "path", "body"), CALLS_OF_AN_ORDER)
def test_the_calls_of_an_order_go_the_short_way(
    service: str, method: str, path: str, body: object
) -> None:
    """Whatever an order needs of a service has a short way, forward and back."""
    make_app, _ = SERVICES[service]
    shortcuts = Shortcuts(make_app(ServiceSettings(_env_file=None)))

    assert takes(shortcuts, method, path, body)


def test_nothing_unusual_goes_the_short_way() -> None:
    """Another method, an unknown path, a query, a body of another form: all go the long way."""
    shortcuts = Shortcuts(database_app(ServiceSettings(_env_file=None)))
    unusual = [
        ("PUT", "/orders", new_order()),
        ("POST", "/orders/", new_order()),
        ("POST", "/elsewhere", new_order()),
        ("GET", "/orders", None),
        ("POST", "/orders", {**new_order(), "unknown": 1}),
    ]

    assert [] == [each for each in unusual if takes(shortcuts, *each)]


@pytest.mark.parametrize(("number", "code"), [("NaN", 400), ("1e999", 422), ("499.50", 201)])
async def test_the_short_way_is_as_strict(tmp_path: Path, number: str, code: int) -> None:
    """A number that is none is refused in an order that is otherwise good."""
    body = json.dumps(new_order(order={"price": 1})).replace('"price": 1', f'"price": {number}')
    async with running(database_app, f"sqlite:///{tmp_path}/strict.db") as client:
        headers = {"content-type": "application/json"}
        answer = await client.post("/orders", content=body, headers=headers)

    assert code == answer.status_code


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_only_json_goes_the_short_way(tmp_path: Path, content_type: str) -> None:
    """A body that says it is something else is not read as JSON, whatever it looks like."""
    async with running(database_app, f"sqlite:///{tmp_path}/typed.db") as client:
        headers = {"content-type": content_type}
        body = json.dumps(new_order())
        answer = await client.post("/orders", content=body, headers=headers)

    assert (422, "validation_failed") == code_of(answer)
