"""No statement of the database service reads a whole table, however many orders there are."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from services.database import commands, queries
from services.database.model import Abandon, Claim, CreateOrder, OrderStatus, UpdateOrder
from services.database.schema import MIGRATIONS
from services.problem import ProblemError
from services.storage import Row, Tx, open_storage
from tests.services.orders import claim, finished, new_order

CREATE = CreateOrder.model_validate(new_order(key="k"))
UPDATE = UpdateOrder.model_validate(finished())
POSITION = queries.Position(1, "o")
WORKS: dict[str, Callable[[Tx], Any]] = {
    "create": lambda tx: commands.create(tx, CREATE, "{}", "{}"),
    "update": lambda tx: commands.update(tx, "o-1", UPDATE, "{}"),
    "claim": lambda tx: commands.claim(tx, Claim.model_validate(claim())),
    "abandon": lambda tx: commands.abandon(tx, "o-1", Abandon(owner="worker-1")),
    "purge": commands.purge_keys,
    "get": lambda tx: queries.get(tx, "o-1"),
    "by_key": lambda tx: queries.by_key(tx, "shop", "k"),
    "list": lambda tx: queries.newest(tx, queries.Filter(), 10, POSITION),
    "list by user": lambda tx: queries.newest(tx, queries.Filter(user_id="u"), 10, POSITION),
    "list by status": lambda tx: queries.newest(
        tx, queries.Filter(status=OrderStatus.FAILED), 10, POSITION
    ),
    "list by caller": lambda tx: queries.newest(tx, queries.Filter(caller="c"), 10, POSITION),
    "list by attention": lambda tx: queries.newest(tx, queries.Filter(attention=True), 10, None),
    "stats": queries.stats,
}


class ExplainingTx:
    """A transaction that also asks how each statement would be carried out."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.for_update = tx.for_update
        self.skip_locked = tx.skip_locked
        self.plans: list[str] = []

    def execute(self, sql: str, **params: object) -> list[Row]:
        """Explain, then run."""
        self.plans += [r["detail"] for r in self._tx.execute(f"EXPLAIN QUERY PLAN {sql}", **params)]
        return self._tx.execute(sql, **params)

    def now_ms(self) -> int:
        """Return the clock."""
        return self._tx.now_ms()


@pytest.mark.parametrize("name", WORKS)
async def test_every_statement_uses_an_index(tmp_path: Path, name: str) -> None:
    """Every table is searched by an index; only that of flagged orders, a few, is read whole."""
    storage = await open_storage(f"sqlite:///{tmp_path}/plans.db", "database", MIGRATIONS)

    def explain(tx: Tx) -> list[str]:
        explaining = ExplainingTx(tx)
        with suppress(ProblemError):  # what is not there has been looked for all the same
            WORKS[name](explaining)
        return explaining.plans

    plans = await storage.run(explain)
    await storage.close()
    scans = [plan for plan in plans if plan.startswith("SCAN database_")]

    assert [] == [scan for scan in scans if "USING INDEX database_orders_attention" not in scan]
    if name.startswith("list"):
        assert [] == [plan for plan in plans if "TEMP B-TREE" in plan]
