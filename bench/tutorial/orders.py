"""Orders at the database service: the one place that both keep anything in.

What tutorials do with SQL (insert the order as PENDING, later update its status), in terms of the
database service's API. Its leases go unused: nobody here looks for orders that were left behind.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any, Final

import httpx

URL: Final = os.getenv("DATABASE_SERVICE_URL", "http://localhost:8000")
OWNER: Final = "order-service"
LEASE_S: Final = 3600
"""The API wants one; there is no recovery that would look at it."""
KEY_TTL_S: Final = 86_400
OK: Final = 200


async def insert(
    http: httpx.AsyncClient, order_id: str, order: Mapping[str, Any], key: str | None = None
) -> tuple[dict[str, Any], bool]:
    """Keep a PENDING order; return it and True, or the order that its key belongs to and False."""
    body = {
        "id": order_id,
        "owner": OWNER,
        "leaseS": LEASE_S,
        "caller": order["userId"] or "anonymous",
        "key": key,
        "fingerprint": fingerprint(order),
        "keyTtlS": KEY_TTL_S,
        "userId": order["userId"],
        "order": order,
        "progress": {},
    }
    answer = await http.post(f"{URL}/orders", json=body)
    answer.raise_for_status()
    return answer.json(), answer.status_code != OK


async def set_status(
    http: httpx.AsyncClient,
    record: Mapping[str, Any],
    status: str,
    ids: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Set the final status; to repeat it is harmless, as it is with UPDATE … SET status."""
    body = {
        "owner": OWNER,
        "version": record["version"],
        "writeId": f"{record['id']}:{status}",
        "status": status,
        "progress": ids or {},
        "attention": None,
    }
    answer = await http.patch(f"{URL}/orders/{record['id']}", json=body)
    answer.raise_for_status()
    written: dict[str, Any] = answer.json()
    return written


async def find(http: httpx.AsyncClient, order_id: str) -> dict[str, Any]:
    """The order's record; `httpx.HTTPStatusError` when there is none."""
    answer = await http.get(f"{URL}/orders/{order_id}")
    answer.raise_for_status()
    record: dict[str, Any] = answer.json()
    return record


def fingerprint(order: Mapping[str, Any]) -> str:
    """A digest that tells one body from another under the same key."""
    return hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
