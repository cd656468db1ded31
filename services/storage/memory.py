"""Storage that keeps nothing: SQLite in memory, each work run at once on the calling thread.

For proofs and tests that make thousands of runs on a clock of their own. No DATABASE_URL names it:
what a service has answered for must outlive its process.
"""

import sqlite3
from collections.abc import Callable, Sequence

from services.storage.migrations import migrate
from services.storage.protocol import Row, T


class MemoryTx:
    """A transaction on the one connection; `clock` gives epoch milliseconds."""

    for_update = ""
    skip_locked = ""
    writes_in_with = False

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], int]) -> None:
        self._execute = connection.execute
        self._columns: dict[str, list[str]] = {}
        self.now_ms = clock

    def execute(self, sql: str, **params: object) -> list[Row]:
        """See Tx.execute."""
        cursor = self._execute(sql, params)
        columns = self._columns.get(sql)
        if columns is None:
            columns = [column[0] for column in cursor.description or ()]
            self._columns[sql] = columns
        if not columns:
            return []
        return [dict(zip(columns, values)) for values in cursor]  # noqa: B905 - as many, by SQL


class MemoryStorage:
    """A storage that can be asked without waiting (`do`) and made as new (`forget`).

    All works since the opening are one transaction of the engine, each of them a savepoint: to
    forget them is one rollback, whatever the tables are.
    """

    def __init__(self, service: str, migrations: Sequence[str], clock: Callable[[], int]) -> None:
        """Make the tables; `clock` gives the epoch milliseconds that leases and expiries know."""
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, cached_statements=256, check_same_thread=False
        )
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._tx = MemoryTx(self._connection, clock)
        migrate(MemoryTx(self._connection, lambda: 0), service, migrations)  # before all clocks
        self._connection.execute("BEGIN")

    def do(self, work: Callable[[MemoryTx], T]) -> T:
        """Run `work` now, whole or not at all, and return its result."""
        execute = self._connection.execute
        execute("SAVEPOINT work")
        try:
            return work(self._tx)
        except BaseException:
            execute("ROLLBACK TO work")
            raise
        finally:
            execute("RELEASE work")

    def look(self, work: Callable[[MemoryTx], T]) -> T:
        """Run `work`, which only reads, now."""
        return work(self._tx)

    def forget(self) -> None:
        """Be as new: nothing was ever kept."""
        self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN")

    async def run(self, work: Callable[[MemoryTx], T]) -> T:
        """See Storage.run."""
        return self.do(work)

    async def read(self, work: Callable[[MemoryTx], T]) -> T:
        """See Storage.read."""
        return self.look(work)

    async def close(self) -> None:
        """See Storage.close."""
        self._connection.close()
