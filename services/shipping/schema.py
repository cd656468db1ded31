"""The table of the shipping service.

A shipment and the tombstone of one are the same row under the same primary key: whichever of a
create and its undo comes second meets the row of the first, on any number of processes.
"""

from typing import Final

from services.answers import answers_ddl

_SHIPMENTS: Final = """
CREATE TABLE shipping_shipments (
    id TEXT PRIMARY KEY,
    order_id TEXT,
    address TEXT,
    items TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'dispatched', 'cancelled')),
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    CHECK (status = 'cancelled' OR (order_id IS NOT NULL AND address IS NOT NULL))
);
CREATE INDEX shipping_shipments_order ON shipping_shipments (order_id, id);
"""

MIGRATIONS: Final = (answers_ddl("shipping"), _SHIPMENTS)
"""Run in this order, each once; never edit one that has been released, add another."""
