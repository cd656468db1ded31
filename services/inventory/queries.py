"""Everything that reads the inventory; nothing here changes it."""

import json
from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter

from services.contract import Item
from services.inventory.model import Reservation, Reservations, Status, Stock, StockPage
from services.problem import ProblemError
from services.storage import Row, Tx
from services.timestamps import rfc3339

_ITEMS: Final = TypeAdapter(list[Item])


def find_reservation(tx: Tx, reservation_id: str) -> Row | None:
    """Return the reservation's (or its tombstone's) row, without waiting for anyone."""
    rows = tx.execute("SELECT * FROM inventory_reservations WHERE id = :id", id=reservation_id)
    return rows[0] if rows else None


def get_reservation(tx: Tx, reservation_id: str) -> dict[str, Any]:
    """Return the reservation as it stands; 404 for an id nobody has named yet."""
    row = find_reservation(tx, reservation_id)
    if row is None:
        raise unknown_reservation(reservation_id)
    return shown_reservation(row, tx.now_ms())


def list_reservations(tx: Tx, *, order_id: str | None, limit: int, cursor: str) -> dict[str, Any]:
    """Return one page of reservations by id, of one order or of all."""
    of_order = "AND order_id = :order_id" if order_id is not None else ""
    rows = tx.execute(
        f"""
        SELECT * FROM inventory_reservations WHERE id > :cursor {of_order}
        ORDER BY id LIMIT :limit
        """,
        order_id=order_id,
        cursor=cursor,
        limit=limit,
    )
    now_ms = tx.now_ms()
    return Reservations(
        items=[_reservation(row, now_ms) for row in rows],
        next_cursor=rows[-1]["id"] if len(rows) == limit else None,
    ).wire()


def get_stock(tx: Tx, sku: str) -> dict[str, Any]:
    """Return the units of one product; 404 when the inventory does not know it."""
    rows = tx.execute("SELECT * FROM inventory_stock WHERE sku = :sku", sku=sku)
    if not rows:
        raise ProblemError(404, "unknown_sku", f"There is no product {sku}; PUT /stock/… makes it.")
    return shown_stock(rows[0])


def list_stock(tx: Tx, *, limit: int, cursor: str) -> dict[str, Any]:
    """Return one page of the stock, by sku."""
    rows = tx.execute(
        "SELECT * FROM inventory_stock WHERE sku > :cursor ORDER BY sku LIMIT :limit",
        cursor=cursor,
        limit=limit,
    )
    return StockPage(
        items=[_stock(row) for row in rows],
        next_cursor=rows[-1]["sku"] if len(rows) == limit else None,
    ).wire()


def unknown_reservation(reservation_id: str) -> ProblemError:
    """Build the 404 of an id that has been neither created nor undone."""
    return ProblemError(
        404, "unknown_reservation", f"There is no reservation {reservation_id}; reserve it first."
    )


def is_due(row: Row, now_ms: int) -> bool:
    """Tell whether a reservation has run out, whether or not it has been swept yet."""
    return bool(row["status"] == Status.RESERVED and row["expires_ms"] <= now_ms)


def shown_reservation(row: Row, now_ms: int) -> dict[str, Any]:
    """Return the row as the wire shows it; one that has run out is shown as expired."""
    return _reservation(row, now_ms).wire()


def shown_stock(row: Row) -> dict[str, Any]:
    """Return the row as the wire shows it."""
    return _stock(row).wire()


def items_of(row: Row) -> list[Item]:
    """Read the lines back as they were given."""
    return _ITEMS.validate_json(row["items"])


def items_json(items: Sequence[Item]) -> str:
    """Write the lines as they were given, for `items_of` to read."""
    return json.dumps([item.model_dump() for item in items])


def _reservation(row: Row, now_ms: int) -> Reservation:
    return Reservation(
        id=row["id"],
        order_id=row["order_id"],
        items=items_of(row),
        status=Status.EXPIRED if is_due(row, now_ms) else Status(row["status"]),
        created_at=rfc3339(row["created_ms"]),
        expires_at=None if row["expires_ms"] is None else rfc3339(row["expires_ms"]),
    )


def _stock(row: Row) -> Stock:
    return Stock(
        sku=row["sku"],
        on_hand=row["on_hand"],
        reserved=row["reserved"],
        available=row["on_hand"] - row["reserved"],
    )
