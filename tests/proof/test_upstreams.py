"""The services without HTTP answer as the whole applications do: every call, status and body."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from proof.upstreams import Database, Inventory, Participant, Payment, Request, Shipping
from services.database.app import create_app as database_app
from services.inventory.app import create_app as inventory_app
from services.inventory.commands import put_stock
from services.payment.app import create_app as payment_app
from services.settings import ServiceSettings
from services.shipping.app import create_app as shipping_app

APPS: Final = {
    "database": database_app,
    "inventory": inventory_app,
    "payment": payment_app,
    "shipping": shipping_app,
}
TIMES: Final = {"createdAt", "updatedAt", "expiresAt", "ageS", "since", "title"}
"""Members that tell the time, which is not the same on both ways."""

Step = tuple[str, str, str, dict[str, Any] | None, str | None]

ADDRESS: Final = {"line1": "1", "city": "Pune", "country": "IN", "postalCode": "411001"}
ITEMS: Final = [{"sku": "SKU-1", "qty": 2}]


def order(name: str, key: str | None, fingerprint: str = "f") -> dict[str, Any]:
    """A create of the database service."""
    return {
        "id": name,
        "owner": f"A/{name}",
        "leaseS": 60,
        "caller": "c",
        "key": key,
        "keyTtlS": 3600,
        "fingerprint": fingerprint,
        "userId": None,
        "order": {"total": "9.00"},
        "progress": {"timeline": []},
    }


def update(owner: str, version: int, status: str, **more: object) -> dict[str, Any]:
    """A conditional write of the database service."""
    written = {"owner": owner, "version": version, "writeId": f"{owner}/{version}/{status}"}
    return {**written, "status": status, "progress": {"n": version}, "attention": None, **more}


def payment(name: str, user: str = "u", amount: str = "9.00") -> dict[str, Any]:
    """An authorization."""
    return {"id": name, "orderId": "o", "userId": user, "amount": amount, "currency": "INR"}


def shipment(name: str, country: str = "IN") -> dict[str, Any]:
    """A parcel."""
    address = {**ADDRESS, "country": country}
    return {"id": name, "orderId": "o", "address": address, "items": ITEMS}


def reservation(name: str, qty: int = 2, sku: str = "SKU-1") -> dict[str, Any]:
    """Units to be held."""
    return {"id": name, "orderId": "o", "items": [{"sku": sku, "qty": qty}]}


SCRIPT: Final[list[Step]] = [
    ("inventory", "POST", "/reserve", reservation("r1"), "k1"),
    ("inventory", "POST", "/reserve", reservation("r1"), "k1"),
    ("inventory", "POST", "/reserve", reservation("r1", qty=1), "k1"),
    ("inventory", "POST", "/reserve", reservation("r2", qty=9), "k2"),
    ("inventory", "POST", "/reserve", reservation("r3", sku="SKU-9"), "k3"),
    ("inventory", "POST", "/reservations/r1/commit", {}, "k4"),
    ("inventory", "POST", "/reservations/r9/commit", {}, "k5"),
    ("inventory", "POST", "/reservations/r1/release", {}, "k6"),
    ("inventory", "POST", "/reservations/r1/commit", {}, None),
    ("inventory", "POST", "/reserve", reservation("r1"), "k1"),
    ("inventory", "POST", "/reservations/r8/release", {}, None),
    ("inventory", "POST", "/reserve", reservation("r8"), None),
    ("payment", "POST", "/payments", payment("p1"), "k1"),
    ("payment", "POST", "/payments", payment("p1"), "k1"),
    ("payment", "POST", "/payments", payment("p1", amount="8.00"), "k1"),
    ("payment", "POST", "/payments", payment("p2", user="decline"), "k2"),
    ("payment", "POST", "/payments/p1/capture", {}, "k3"),
    ("payment", "POST", "/payments/p9/capture", {}, "k4"),
    ("payment", "POST", "/payments/p1/refund", {}, "k5"),
    ("payment", "POST", "/payments/p1/capture", {}, None),
    ("payment", "POST", "/payments/p8/refund", {}, None),
    ("payment", "POST", "/payments", payment("p8"), None),
    ("shipping", "POST", "/shipments", shipment("s1"), "k1"),
    ("shipping", "POST", "/shipments", shipment("s1"), "k1"),
    ("shipping", "POST", "/shipments", shipment("s2", country="AQ"), "k2"),
    ("shipping", "POST", "/shipments/s1/cancel", {}, "k3"),
    ("shipping", "POST", "/shipments/s8/cancel", {}, None),
    ("shipping", "POST", "/shipments", shipment("s8"), None),
    ("database", "POST", "/orders", order("o1", "key-1"), None),
    ("database", "POST", "/orders", order("o1", "key-1"), None),
    ("database", "POST", "/orders", order("o2", "key-1", "other"), None),
    ("database", "POST", "/orders", order("o3", None), None),
    ("database", "POST", "/orders", order("o4", None), None),
    ("database", "GET", "/orders/o1", None, None),
    ("database", "GET", "/orders/o9", None, None),
    ("database", "GET", "/keys?caller=c&key=key-1", None, None),
    ("database", "GET", "/keys?caller=c&key=key-9", None, None),
    ("database", "PATCH", "/orders/o1", update("A/o1", 1, "COMPENSATING", leaseS=60), None),
    ("database", "PATCH", "/orders/o1", update("A/o1", 1, "COMPENSATING", leaseS=60), None),
    ("database", "PATCH", "/orders/o1", update("A/o1", 1, "FAILED", releaseForS=0), None),
    ("database", "PATCH", "/orders/o1", update("A/o1", 2, "PENDING", releaseForS=0), None),
    ("database", "PATCH", "/orders/o1", update("A/o1", 2, "FAILED", releaseForS=0), None),
    ("database", "PATCH", "/orders/o9", update("A/o9", 1, "FAILED", releaseForS=0), None),
    ("database", "PATCH", "/orders/o3", update("A/o3", 1, "PENDING", releaseForS=0), None),
    ("database", "POST", "/orders/claim", {"owner": "B/1", "leaseS": 60, "limit": 5}, None),
    ("database", "POST", "/orders/claim", {"owner": "B/1", "leaseS": 60, "limit": 5}, None),
    ("database", "POST", "/orders/o4/abandon", {"owner": "A/o4"}, None),
    ("database", "POST", "/orders", order("o4", None), None),
    ("database", "POST", "/orders/o3/abandon", {"owner": "A/o3"}, None),
    ("database", "POST", "/nowhere", {}, None),
]


@pytest.fixture
async def applications(tmp_path: Path) -> AsyncIterator[Mapping[str, httpx.AsyncClient]]:
    """Give a client of each whole application."""
    async with AsyncExitStack() as stack:
        clients = {}
        for name, make in APPS.items():
            url = f"sqlite:///{tmp_path}/{name}.db"
            app = make(ServiceSettings(_env_file=None, database_url=url))
            await stack.enter_async_context(app.router.lifespan_context(app))
            clients[name] = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url=f"http://{name}"
            )
        await clients["inventory"].put("/stock/SKU-1", json={"onHand": 5})
        yield clients


async def test_every_call_is_answered_alike(
    applications: Mapping[str, httpx.AsyncClient],
) -> None:
    """Good, repeated, refused, unknown, undone, too late: the same status and body both ways."""
    inventory = Inventory(lambda: 10**9)
    inventory.storage.do(lambda tx: put_stock(tx, "SKU-1", 5))
    lean: dict[str, Participant] = {
        "inventory": inventory,
        "payment": Payment(lambda: 10**9),
        "shipping": Shipping(lambda: 10**9),
        "database": Database(lambda: 10**9),
    }

    for service, method, path, body, key in SCRIPT:
        headers = {"X-Idempotency-Key": key} if key else {}
        whole = await applications[service].request(method, path, json=body, headers=headers)
        content = b"" if body is None else json.dumps(body).encode()
        short = lean[service].answer(Request(method, path, headers, content))

        assert (path, whole.status_code) == (path, short.status)
        assert (path, timeless(whole.json())) == (path, timeless(json.loads(short.content)))


def timeless(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The JSON without what tells the time."""
    if isinstance(value, dict):
        return {name: timeless(part) for name, part in value.items() if name not in TIMES}
    return [timeless(part) for part in value] if isinstance(value, list) else value
