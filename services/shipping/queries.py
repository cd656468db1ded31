"""Everything that reads shipments; nothing here changes them."""

import hashlib
from typing import Any, Final

from pydantic import TypeAdapter

from services.contract import Item
from services.problem import ProblemError
from services.shipping.model import Shipment, Shipments, Status
from services.storage import Row, Tx
from services.timestamps import rfc3339

_ITEMS: Final = TypeAdapter(list[Item])
_TRACKING_DIGITS: Final = 16
"""64 bits of the id's digest: two equal numbers are not to be expected among 10^9 parcels."""


def find_shipment(tx: Tx, shipment_id: str) -> Row | None:
    """Return the shipment's (or its tombstone's) row, without waiting for anyone."""
    rows = tx.execute("SELECT * FROM shipping_shipments WHERE id = :id", id=shipment_id)
    return rows[0] if rows else None


def get_shipment(tx: Tx, shipment_id: str) -> dict[str, Any]:
    """Return the shipment as it stands; 404 for an id nobody has named yet."""
    row = find_shipment(tx, shipment_id)
    if row is None:
        raise unknown_shipment(shipment_id)
    return shown_shipment(row)


def list_shipments(tx: Tx, *, order_id: str | None, limit: int, cursor: str) -> dict[str, Any]:
    """Return one page of shipments by id, of one order or of all."""
    of_order = "AND order_id = :order_id" if order_id is not None else ""
    rows = tx.execute(
        f"""
        SELECT * FROM shipping_shipments WHERE id > :cursor {of_order}
        ORDER BY id LIMIT :limit
        """,
        order_id=order_id,
        cursor=cursor,
        limit=limit,
    )
    return Shipments(
        items=[_shipment(row) for row in rows],
        next_cursor=rows[-1]["id"] if len(rows) == limit else None,
    ).wire()


def unknown_shipment(shipment_id: str) -> ProblemError:
    """Build the 404 of an id that has been neither created nor undone."""
    return ProblemError(
        404, "unknown_shipment", f"There is no shipment {shipment_id}; create it first."
    )


def shown_shipment(row: Row) -> dict[str, Any]:
    """Return the row as the wire shows it."""
    return _shipment(row).wire()


def tracking_number(shipment_id: str) -> str:
    """Derive the number from the id, so that it is the same however often it is asked for."""
    digest = hashlib.sha256(shipment_id.encode()).hexdigest()
    return f"TRK{digest[:_TRACKING_DIGITS].upper()}"


def _shipment(row: Row) -> Shipment:
    is_tombstone = row["order_id"] is None
    return Shipment(
        id=row["id"],
        order_id=row["order_id"],
        items=_ITEMS.validate_json(row["items"]),
        status=Status(row["status"]),
        tracking_number=None if is_tombstone else tracking_number(row["id"]),
        created_at=rfc3339(row["created_ms"]),
    )
