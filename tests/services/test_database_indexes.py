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

NEW = commands.NewOrder(CreateOrder.model_validate(new_order(key="k")), "{}", "{}")
WRITE = commands.Write("o-1", UpdateOrder.model_validate(finished()), "{}")
ROWS = 5_000
"""Enough for PostgreSQL to find an index worth its while."""
POSITION = queries.Position(9_000_000_000_000, "o")
"""After every order: what comes on the next page is to be found by the filter alone."""
WORKS: dict[str, Callable[[Tx], Any]] = {
    "create": lambda tx: commands.create(tx, NEW),
    "update": lambda tx: commands.update(tx, WRITE),
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

INDEX = {
    "claim": "database_orders_lease",
    "list": "database_orders_newest",
    "list by user": "database_orders_by_user",
    "list by status": "database_orders_by_status",
    "list by caller": "database_orders_by_caller",
    "list by attention": "database_orders_attention",
    "stats": "database_orders_lease",
}
"""The one made for a work, where another would find the rows too, but read others with them."""


class ExplainingTx:
    """A transaction that also asks how each statement would be carried out."""

    def __init__(self, tx: Tx, explain: str = "EXPLAIN QUERY PLAN") -> None:
        """`explain` is how the engine is asked."""
        self._tx = tx
        self._explain = explain
        self.for_update = tx.for_update
        self.skip_locked = tx.skip_locked
        self.writes_in_with = tx.writes_in_with
        self.plans: list[str] = []

    def execute(self, sql: str, **params: object) -> list[Row]:
        """Explain, then run."""
        rows = self._tx.execute(f"{self._explain} {sql}", **params)
        self.plans += [row.get("detail") or row["QUERY PLAN"] for row in rows]
        return self._tx.execute(sql, **params)

    def now_ms(self) -> int:
        """Return the clock."""
        return self._tx.now_ms()

    @classmethod
    def plans_of(cls, name: str, tx: Tx, explain: str = "EXPLAIN QUERY PLAN") -> list[str]:
        """Return how all statements of one work are carried out."""
        explaining = cls(tx, explain)
        with suppress(ProblemError):  # what is not there has been looked for all the same
            WORKS[name](explaining)
        return explaining.plans


@pytest.mark.parametrize("name", WORKS)
async def test_every_statement_uses_an_index(tmp_path: Path, name: str) -> None:
    """Every table is searched by an index; only that of flagged orders, a few, is read whole."""
    storage = await open_storage(f"sqlite:///{tmp_path}/plans.db", "database", MIGRATIONS)

    plans = await storage.run(lambda tx: ExplainingTx.plans_of(name, tx))
    await storage.close()
    scans = [plan for plan in plans if plan.startswith("SCAN database_")]

    assert [] == [scan for scan in scans if "USING INDEX database_orders_attention" not in scan]
    assert INDEX.get(name, "") in " ".join(plans)
    if name.startswith("list"):
        assert [] == [plan for plan in plans if "TEMP B-TREE" in plan]


FEW_AMONG_MANY = """
    INSERT INTO database_orders (id, caller, fingerprint, user_id, status, version, lease_until,
        rounds, attention, attention_since, created_ms, updated_ms, order_json, progress_json)
    SELECT 'old-' || n, 'c-' || n % 100, 'f', 'u-' || n % 100,
        CASE WHEN n % 100 = 0 THEN 'PENDING' WHEN n % 100 = 1 THEN 'FAILED' ELSE 'CONFIRMED' END, 1,
        CASE WHEN n % 100 = 0 THEN n END, 0, CASE WHEN n % 500 = 0 THEN 'stuck' END,
        CASE WHEN n % 500 = 0 THEN n END, n, n, '{}', '{}'
    FROM generate_series(1, :rows) AS n
"""
KEYS = """
    INSERT INTO database_keys (caller, key, order_id, expires_ms)
    SELECT 'c', 'k-' || n, 'old-' || n, 9000000000000 + n FROM generate_series(1, :rows) AS n
"""


@pytest.mark.postgres
async def test_postgresql_uses_the_indexes_too(postgres_database_url: str) -> None:
    """With statistics of many orders, few of them unfinished, it reads no table whole."""
    storage = await open_storage(postgres_database_url, "database", MIGRATIONS)

    def fill(tx: Tx) -> None:
        for statement in (FEW_AMONG_MANY, KEYS, "ANALYZE database_orders", "ANALYZE database_keys"):
            tx.execute(statement, rows=ROWS)

    def explain(tx: Tx) -> dict[str, list[str]]:
        return {name: ExplainingTx.plans_of(name, tx, "EXPLAIN") for name in WORKS}

    await storage.run(fill)
    plans = await storage.run(explain)
    await storage.close()
    steps = [f"{name}: {step}" for name, plan in plans.items() for step in plan]

    assert [] == [name for name in INDEX if INDEX[name] not in " ".join(plans[name])]
    assert [] == [step for step in steps if "Seq Scan on" in step]
    assert [] == [step for step in steps if step.startswith("list") and "Sort" in step]
