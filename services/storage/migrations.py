"""Schema by migrations: numbered scripts, each run once per service and recorded."""

import sqlite3
from collections.abc import Iterator, Sequence

from services.storage.protocol import Tx

LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    service TEXT NOT NULL,
    version BIGINT NOT NULL,
    applied_ms BIGINT NOT NULL,
    PRIMARY KEY (service, version)
)
"""


def migrate(tx: Tx, service: str, migrations: Sequence[str]) -> None:
    """Run the scripts this database has not seen; the caller holds the lock and commits.

    A database that is ahead of this program (a newer release ran before) is left as it is.
    """
    tx.execute(LEDGER)
    rows = tx.execute("SELECT version FROM schema_migrations WHERE service = :s", s=service)
    done = {row["version"] for row in rows}
    for version, script in enumerate(migrations):
        if version not in done:
            _apply(tx, service, version, script)


def _apply(tx: Tx, service: str, version: int, script: str) -> None:
    for statement in statements(script):
        tx.execute(statement)
    tx.execute(
        "INSERT INTO schema_migrations (service, version, applied_ms) VALUES (:s, :v, :now)",
        s=service,
        v=version,
        now=tx.now_ms(),
    )


def statements(script: str) -> Iterator[str]:
    """Cut a script into statements; a semicolon inside a literal or comment does not end one."""
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            if pending.strip(" \t\r\n;"):
                yield pending
            pending = ""
    if pending.strip(" \t\r\n;"):
        raise ValueError(f"the migration ends inside a statement: {pending.strip()[:80]}")
