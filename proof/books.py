"""What the services' own tables say when a run is over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.storage.memory import MemoryStorage

Row = Mapping[str, Any]

FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Record:
    """An order as the database service keeps it."""

    id: str
    caller: str
    status: str
    version: int
    lease_until: int | None
    order: Row
    progress: Row

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class Books:
    """Every row of every service. An abandoned order is no order and is not among them."""

    orders: Mapping[str, Record]
    payments: list[Row]
    ledger: list[Row]
    shipments: list[Row]
    reservations: list[Row]
    stock: Mapping[str, tuple[int, int]]
    """On hand and reserved, by sku."""


_RECORDS: Final = (
    "SELECT id, caller, status, version, lease_until, order_json, progress_json"
    " FROM database_orders WHERE status <> 'ABANDONED'"
)


def record_of(database: MemoryStorage, order_id: str) -> Record | None:
    """The order as it stands; `None` when there is none."""
    rows = database.look(lambda tx: tx.execute(_RECORDS + " AND id = :id", id=order_id))
    return _record(rows[0]) if rows else None


def next_lease_end_ms(database: MemoryStorage) -> int | None:
    """When the next order that is not final may be claimed; `None` when all are final."""
    sql = "SELECT MIN(lease_until) AS due FROM database_orders"
    due: int | None = database.look(lambda tx: tx.execute(sql))[0]["due"]
    return due


def _record(row: Row) -> Record:
    return Record(
        row["id"],
        row["caller"],
        row["status"],
        row["version"],
        row["lease_until"],
        json.loads(row["order_json"]),
        json.loads(row["progress_json"]),
    )


def read_books(storages: Mapping[str, MemoryStorage]) -> Books:
    """Everything that the four services hold now."""
    stock = _all(storages["inventory"], "SELECT * FROM inventory_stock")
    return Books(
        orders={row["id"]: _record(row) for row in _all(storages["database"], _RECORDS)},
        payments=_all(storages["payment"], "SELECT * FROM payment_payments"),
        ledger=_all(storages["payment"], "SELECT * FROM payment_ledger"),
        shipments=_all(storages["shipping"], "SELECT * FROM shipping_shipments"),
        reservations=_all(storages["inventory"], "SELECT * FROM inventory_reservations"),
        stock={row["sku"]: (row["on_hand"], row["reserved"]) for row in stock},
    )


def _all(storage: MemoryStorage, sql: str) -> list[Row]:
    return list(storage.look(lambda tx: tx.execute(sql)))
