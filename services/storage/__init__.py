"""Durable storage behind one interface: SQLite without set-up, PostgreSQL by its URL."""

from services.storage.opening import check_url, open_storage
from services.storage.protocol import (
    BadDatabaseUrl,
    BulkWork,
    Row,
    Storage,
    StorageUnavailable,
    Tx,
)

__all__ = [
    "BadDatabaseUrl",
    "BulkWork",
    "Row",
    "Storage",
    "StorageUnavailable",
    "Tx",
    "check_url",
    "open_storage",
]
