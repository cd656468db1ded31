"""The real commands on a real storage, one at a time, by a clock that the test sets."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from services.database import commands, queries
from services.database.model import Abandon, Claim, CreateOrder, OrderStatus, UpdateOrder
from services.problem import ProblemError
from services.storage import Row, Storage, Tx
from tests.fuzz.reference import Order, Told

T = TypeVar("T")


@dataclass
class Clock:
    """Milliseconds; goes forward when told to."""

    now_ms: int = 1_700_000_000_000


class ClockedTx:
    """A transaction whose clock is the test's."""

    def __init__(self, tx: Tx, clock: Clock) -> None:
        self._tx = tx
        self._clock = clock
        self.for_update = tx.for_update
        self.skip_locked = tx.skip_locked
        self.writes_in_with = tx.writes_in_with

    def execute(self, sql: str, **params: object) -> list[Row]:
        """See Tx.execute."""
        return self._tx.execute(sql, **params)

    def now_ms(self) -> int:
        """See Tx.now_ms."""
        return self._clock.now_ms


class Ledger:
    """Asks the database service's commands, and tells in the reference's words what they said."""

    def __init__(self, runner: asyncio.Runner, storage: Storage, clock: Clock) -> None:
        self._runner = runner
        self._storage = storage
        self._clock = clock

    def create(self, asked: CreateOrder) -> Told:
        """See commands.create."""
        return self._told(lambda tx: commands.create(tx, commands.NewOrder(asked, "{}", "{}")))

    def update(self, order_id: str, asked: UpdateOrder, progress: str) -> Told:
        """See commands.update."""
        return self._told(lambda tx: commands.update(tx, commands.Write(order_id, asked, progress)))

    def claim(self, asked: Claim) -> list[Order]:
        """See commands.claim."""
        rows, _ = self._run(lambda tx: commands.claim(tx, asked))
        return [order_of(row) for row in rows]

    def abandon(self, order_id: str, asked: Abandon) -> Told:
        """See commands.abandon."""
        try:
            self._run(lambda tx: commands.abandon(tx, order_id, asked))
        except ProblemError as refusal:
            return Told(refusal.code)
        return Told(200)

    def purge(self) -> int:
        """See commands.purge_keys."""
        return self._run(commands.purge_keys)

    def bound(self, caller: str, key: str) -> Order | None:
        """See queries.by_key."""
        try:
            return order_of(self._run(lambda tx: queries.by_key(tx, caller, key))[0])
        except ProblemError:
            return None

    def page(self, limit: int, cursor: str | None) -> tuple[list[str], str | None]:
        """See queries.newest: the ids of a page, and the cursor of the next."""
        after = queries.decode_cursor(cursor) if cursor else None
        everything = queries.Filter()
        rows, then, _ = self._run(lambda tx: queries.newest(tx, everything, limit, after))
        return [row["id"] for row in rows], then.encode() if then else None

    def orders(self) -> dict[str, Order]:
        """Everything that is kept, but for what is dead."""
        rows = self._run(
            lambda tx: tx.execute("SELECT * FROM database_orders WHERE status <> 'ABANDONED'")
        )
        return {row["id"]: order_of(row) for row in rows}

    def clear(self) -> None:
        """Forget everything."""
        self._run(lambda tx: tx.execute("DELETE FROM database_orders"))
        self._run(lambda tx: tx.execute("DELETE FROM database_keys"))

    def _told(self, command: Callable[[Tx], commands.Stored]) -> Told:
        try:
            stored = self._run(command)
        except ProblemError as refusal:
            return Told(refusal.code, shown=_shown(refusal.extra.get("record")))
        return Told(stored.status, order_of(stored.row))

    def _run(self, work: Callable[[Tx], T]) -> T:
        return self._runner.run(self._storage.run(lambda tx: work(ClockedTx(tx, self._clock))))


def _shown(record: Any) -> tuple[str, int, str | None] | None:  # noqa: ANN401 - JSON
    return (record["status"], record["version"], record["owner"]) if record else None


def order_of(row: Row) -> Order:
    """The row in the reference's words."""
    return Order(
        row["id"],
        row["caller"],
        OrderStatus(row["status"]),
        row["version"],
        row["owner"],
        row["lease_until"],
        row["created_ms"],
        row["rounds"],
        row["write_id"],
        row["attention"],
        row["attention_since"],
        row["progress_json"],
    )
