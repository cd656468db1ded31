"""Orders that are there before the measuring begins, put in by SQL: over HTTP it takes hours.

Their rows are what the service itself would have written.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

DUE: Final = 500
"""Orders whose lease has run out, among each number of orders: the backlog after a crash. Half of
the smallest number, so that there are confirmed ones as well."""

ORDERS_PER_USER: Final = 50
"""Of each user's orders a page shows the newest."""

_SIZE: Final = 10_000
"""Rows of one transaction."""

_ORDER: Final = {
    "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}],
    "currency": "INR",
    "total": "999.00",
    "address": {"line1": "1 Main St", "city": "Pune", "country": "IN", "postalCode": "411001"},
}
_PROGRESS: Final = {
    "steps": [
        {"name": name, "outcome": "done", "attempts": 1, "ms": 12}
        for name in ("reserve", "authorize", "ship", "capture", "commit")
    ]
}
_COLUMNS: Final = (
    "id, caller, fingerprint, user_id, status, version, write_id, owner, lease_until, rounds,"
    " created_ms, updated_ms, order_json, progress_json"
)


@dataclass(frozen=True)
class Preloaded:
    """What the operations may ask for."""

    ids: list[str]
    users: int


def document() -> dict[str, object]:
    """Return an order and its progress as the order service writes them."""
    return {"order": _ORDER, "progress": _PROGRESS}


def preload(url: str, first: int, last: int) -> None:
    """Put the orders from number `first` to `last` into the tables at `url`."""
    fill = _fill_sqlite if url.startswith("sqlite") else _fill_postgres
    for begin in range(first, last, _SIZE):
        fill(url, list(_rows(begin, min(begin + _SIZE, last))))


def settle(url: str) -> None:
    """Let the engine tidy up as it does by itself in time: statistics, checkpoints."""
    if url.startswith("sqlite"):
        with sqlite3.connect(_file(url)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("VACUUM ANALYZE database_orders, database_keys")
        server.execute("CHECKPOINT")


def order_id(number: int) -> str:
    """Return the id of the order of that number."""
    return str(uuid.UUID(int=number * 0x9E3779B97F4A7C15 % 2**128, version=4))


def _rows(begin: int, end: int) -> Iterator[tuple[object, ...]]:
    now = time.time_ns() // 1_000_000
    order, progress = json.dumps(_ORDER), json.dumps(_PROGRESS)
    for number in range(begin, end):
        due = number < DUE
        created = now - 1_000_000 + number // 10
        yield (
            order_id(number),
            "bench",
            f"print-{number}",
            f"user-{number // ORDERS_PER_USER}",
            "PENDING" if due else "CONFIRMED",
            1 if due else 2,
            None if due else "confirm",
            "crashed" if due else None,
            created if due else None,
            0,
            created,
            created,
            order,
            progress,
        )


def _keys(rows: list[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    expires = time.time_ns() // 1_000_000 + 86_400_000
    return ((row[1], f"key-{row[0]}", row[0], expires) for row in rows)


def _fill_sqlite(url: str, rows: list[tuple[object, ...]]) -> None:
    connection = sqlite3.connect(_file(url), timeout=60)
    with connection:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(
            f"INSERT INTO database_orders ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - constants
            rows,
        )
        connection.executemany("INSERT INTO database_keys VALUES (?, ?, ?, ?)", _keys(rows))
    connection.close()


def _fill_postgres(url: str, rows: list[tuple[object, ...]]) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY database_orders ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        with cursor.copy("COPY database_keys FROM STDIN") as copy:
            for row in _keys(rows):
                copy.write_row(row)


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
