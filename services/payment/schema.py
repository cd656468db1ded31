"""The tables of the payment service.

A payment and the tombstone of one are the same row under the same primary key: whichever of a
create and its undo comes second meets the row of the first, on any number of processes.
The ledger only ever grows, and its primary key lets no movement happen twice.
"""

from typing import Final

from services.answers import answers_ddl

_PAYMENTS_AND_LEDGER: Final = """
CREATE TABLE payment_payments (
    id TEXT PRIMARY KEY,
    order_id TEXT,
    user_id TEXT,
    currency TEXT,
    amount_minor BIGINT CHECK (amount_minor >= 0),
    status TEXT NOT NULL CHECK (status IN ('authorized', 'captured', 'voided', 'refunded')),
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    CHECK (
        status = 'voided'
        OR (order_id IS NOT NULL AND currency IS NOT NULL AND amount_minor IS NOT NULL)
    )
);
CREATE INDEX payment_payments_order ON payment_payments (order_id, id);
CREATE TABLE payment_ledger (
    payment_id TEXT NOT NULL REFERENCES payment_payments (id),
    movement TEXT NOT NULL CHECK (movement IN ('authorize', 'capture', 'void', 'refund')),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (payment_id, movement)
);
"""

MIGRATIONS: Final = (answers_ddl("payment"), _PAYMENTS_AND_LEDGER)
"""Run in this order, each once; never edit one that has been released, add another."""
