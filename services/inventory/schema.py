"""The tables of the inventory.

A reservation and the tombstone of one are the same row under the same primary key: whichever of a
create and its undo comes second meets the row of the first, on any number of processes.
"""

from typing import Final

from services.answers import answers_ddl

_STOCK_AND_RESERVATIONS: Final = """
CREATE TABLE inventory_stock (
    sku TEXT PRIMARY KEY,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    CHECK (reserved >= 0 AND reserved <= on_hand)
);
CREATE TABLE inventory_reservations (
    id TEXT PRIMARY KEY,
    order_id TEXT,
    items TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('reserved', 'committed', 'expired', 'released')),
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    CHECK (status = 'released' OR (order_id IS NOT NULL AND expires_ms IS NOT NULL))
);
CREATE INDEX inventory_reservations_order ON inventory_reservations (order_id, id);
CREATE INDEX inventory_reservations_due ON inventory_reservations (expires_ms, id)
    WHERE status = 'reserved';
"""

MIGRATIONS: Final = (answers_ddl("inventory"), _STOCK_AND_RESERVATIONS)
"""Run in this order, each once; never edit one that has been released, add another."""
