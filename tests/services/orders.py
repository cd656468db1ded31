"""Bodies that the tests of the database service send."""

from typing import Any


def new_order(order_id: str = "o-1", **changed: object) -> dict[str, Any]:
    """Return the body of a create."""
    return {
        "id": order_id,
        "owner": "worker-1",
        "leaseS": 60,
        "caller": "shop",
        "key": None,
        "fingerprint": "f-1",
        "keyTtlS": 3600,
        "userId": "u-1",
        "order": {"items": [{"sku": "SKU-1", "price": "499.50"}], "note": "crème\u0000"},
        "progress": {"steps": []},
        **changed,
    }


def write(version: int = 1, **changed: object) -> dict[str, Any]:
    """Return the body of a write that keeps the order PENDING and leased."""
    return {
        "owner": "worker-1",
        "version": version,
        "writeId": f"write-{version}",
        "status": "PENDING",
        "progress": {"steps": ["reserve"]},
        "attention": None,
        "leaseS": 60,
        **changed,
    }


def finished(version: int = 1, **changed: object) -> dict[str, Any]:
    """Return the body of a write that confirms an order."""
    return {**write(version, status="CONFIRMED"), "leaseS": 0, **changed}


def claim(owner: str = "worker-2", **changed: object) -> dict[str, Any]:
    """Return the body of a claim."""
    return {"owner": owner, "leaseS": 60, "limit": 100, **changed}
