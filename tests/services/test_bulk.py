"""Works that are alike are one statement on PostgreSQL, and end as if each had come alone."""

import asyncio
import random
import re
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.database import bulk, commands
from services.database.app import create_app
from services.database.commands import NewOrder, Stored, Write
from services.database.model import CreateOrder, UpdateOrder
from services.database.schema import MIGRATIONS
from services.problem import ProblemError
from services.storage import BulkWork, Row, Storage, Tx, open_storage
from tests.services.batches import PATIENCE_S, Work, batch
from tests.services.in_process import running
from tests.services.orders import finished, new_order, write

pytestmark = pytest.mark.postgres

TABLES = "CREATE TABLE demo_rows (id TEXT PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));"


@pytest.fixture
async def demo(postgres_database_url: str) -> AsyncIterator[Storage]:
    """Give an open storage with a table of rows that are never negative."""
    storage = await open_storage(postgres_database_url, "demo", [TABLES])
    yield storage
    await storage.close()


Item = tuple[str, int]


def insert(tx: Tx, item: Item) -> str:
    """Insert alone."""
    tx.execute("INSERT INTO demo_rows (id, value) VALUES (:id, :value)", id=item[0], value=item[1])
    return "alone"


class Bulk:
    """Inserts all at once but those that are `left`, and remembers what it was given."""

    def __init__(self, left: Sequence[str] = ()) -> None:
        self.given: list[Sequence[Item]] = []
        self._left = left

    def __call__(self, tx: Tx, items: Sequence[Item]) -> list[str | None]:
        """See BulkWork."""
        self.given.append(items)
        for item in items:
            if item[0] not in self._left:
                insert(tx, item)
        return [None if item[0] in self._left else "in bulk" for item in items]


def works(bulk: Bulk, *items: Item) -> list[Work]:
    """Make a work of each."""
    return [BulkWork(insert, bulk, item) for item in items]


async def rows(storage: Storage) -> list[Item]:
    """Return what is there."""
    found = await storage.run(lambda tx: tx.execute("SELECT id, value FROM demo_rows ORDER BY id"))
    return [(row["id"], row["value"]) for row in found]


async def test_those_that_are_alike_are_run_together(demo: Storage) -> None:
    """Each kind by itself; a work that has no like is run alone, and so is what a bulk leaves."""
    one, other, lonely = Bulk(left=["b"]), Bulk(), Bulk()
    kinds = [*works(one, ("a", 1), ("b", 2), ("c", 3)), *works(other, ("d", 4), ("e", 5))]
    said = await batch(demo, [*works(lonely, ("f", 6)), *kinds])

    assert ["alone", "in bulk", "alone", "in bulk", "in bulk", "in bulk"] == said
    assert [[("a", 1), ("b", 2), ("c", 3)]] == one.given
    assert [[("d", 4), ("e", 5)]] == other.given
    assert [] == lonely.given
    assert list(zip("abcdef", range(1, 7), strict=True)) == await rows(demo)


async def test_a_bulk_that_breaks_is_undone_and_each_has_its_own_end(demo: Storage) -> None:
    """The one that cannot be is told so; all others hold, once each."""
    bulk = Bulk()
    said = await batch(demo, works(bulk, ("a", 1), ("b", -1), ("c", 3)))

    assert ("alone", "alone") == (said[0], said[2])
    assert isinstance(said[1], Exception)
    assert 1 == len(bulk.given)
    assert [("a", 1), ("c", 3)] == await rows(demo)


async def test_a_bulk_with_an_error_of_its_own_is_undone_too(demo: Storage) -> None:
    """Whatever it raises: nothing of what it wrote is left when each is run alone."""

    class Faulty(Bulk):
        def __call__(self, tx: Tx, items: Sequence[Item]) -> list[str | None]:
            super().__call__(tx, items)
            raise LookupError

    assert ["alone"] * 2 == await batch(demo, works(Faulty(), ("a", 1), ("b", 2)))
    assert [("a", 1), ("b", 2)] == await rows(demo)


@pytest.fixture
async def orders(postgres_database_url: str) -> AsyncIterator[Storage]:
    """Give an open storage of the database service."""
    storage = await open_storage(postgres_database_url, "database", MIGRATIONS)
    yield storage
    await storage.close()


def creating(**given: object) -> BulkWork[NewOrder, Stored]:
    """Make a create."""
    asked = CreateOrder.model_validate(new_order(**given))  # type: ignore[arg-type]
    return BulkWork(commands.create, bulk.create, NewOrder(asked, '{"n":"é\\u0000"}', "{}"))


def writing(order_id: str, body: dict[str, Any], *, brief: bool) -> BulkWork[Write, Stored]:
    """Make an update."""
    asked = UpdateOrder.model_validate(body)
    return BulkWork(commands.update, bulk.update, Write(order_id, asked, '{"p":"\\""}', brief))


TIMES = {"created_ms", "updated_ms", "lease_until", "attention_since", "expires_ms"}


def told(outcome: object, *, brief: bool = False) -> object:
    """What a caller sees of an outcome, the times left out."""
    if isinstance(outcome, ProblemError):
        return outcome.status, outcome.code
    if isinstance(outcome, Stored):
        hidden = TIMES | ({"order_json", "progress_json", "write_id"} if brief else set())
        row = {name: value for name, value in outcome.row.items() if name not in hidden}
        return outcome.status, sorted(row.items())
    raise AssertionError(outcome)


async def one_by_one(storage: Storage, works: Sequence[Work]) -> list[object]:
    """Run each in a transaction of its own, and return what came of each."""
    outcomes: list[object] = []
    for work in works:
        try:
            outcomes.append(await storage.run(work))
        except ProblemError as problem:
            outcomes.append(problem)
    return outcomes


async def kept(storage: Storage) -> list[Row]:
    """Everything that is kept, the times left out."""

    def read(tx: Tx) -> list[Row]:
        found = tx.execute("SELECT * FROM database_orders ORDER BY id")
        return found + tx.execute("SELECT * FROM database_keys ORDER BY caller, key")

    return [
        {name: (value is None) if name in TIMES else value for name, value in row.items()}
        for row in await storage.run(read)
    ]


def any_create(chance: random.Random, _: int) -> Work:
    """A create of a few ids, keys and callers, so that they meet in every way there is."""
    return creating(
        order_id=f"o-{chance.randrange(60)}",
        caller=chance.choice(["shop", "mall"]),
        key=chance.choice([None, f"k-{chance.randrange(40)}"]),
        owner=chance.choice(["one", "two"]),
    )


def any_update(chance: random.Random, version: int) -> Work:
    """A write to one of the orders, by its owner or another, in any state and order."""
    owner = chance.choice(["one", "one", "two"])
    version = chance.choice([version, version, 1, 7])
    body = chance.choice(
        [
            write(version, owner=owner),
            write(version, owner=owner, attention="stuck"),
            write(version, owner=owner, status="COMPENSATING"),
            {**write(version, owner=owner), "leaseS": None, "releaseForS": 5},
            finished(version, owner=owner),
            finished(version, owner=owner, status="FAILED", writeId="other"),
        ]
    )
    return writing(f"o-{chance.randrange(70)}", body, brief=chance.random() < 0.8)


@pytest.mark.parametrize("seed", range(6))
async def test_a_batch_ends_as_if_each_had_come_alone(
    orders: Storage, tmp_path: Path, seed: int
) -> None:
    """Creates that want one id or one key, writes that meet or come twice: the same answers.

    What SQLite says of one after the other is what PostgreSQL says of all at once.
    """
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    alone = await open_storage(f"sqlite:///{tmp_path}/alone.db", "database", MIGRATIONS)
    seen: set[object] = set()
    for turn in range(12):
        make = any_create if turn % 3 == 0 else any_update
        works = [make(chance, turn // 3 + 1) for _ in range(30)]
        together, expected = await batch(orders, works), await one_by_one(alone, works)
        pairs = [
            (told(got, brief=_is_brief(work)), told(want, brief=_is_brief(work)))
            for work, got, want in zip(works, together, expected, strict=True)
        ]
        assert [want for _, want in pairs] == [got for got, _ in pairs]
        assert await kept(alone) == await kept(orders)
        seen |= {want[:1] if want[0] in {200, 201} else want for _, want in pairs}  # type: ignore[index]
    await alone.close()

    assert {(200,), (201,), (404, "unknown_order"), (409, "version_conflict")} <= seen


def _is_brief(work: Work) -> bool:
    return isinstance(work, BulkWork) and getattr(work.item, "brief", False)


async def test_one_whose_row_is_locked_elsewhere_holds_up_nobody(
    orders: Storage, postgres_database_url: str
) -> None:
    """The others of its bulk are answered while the lock is held, and it is when it is let go."""
    await batch(orders, [creating(order_id=f"o-{n}") for n in range(4)])
    other = await open_storage(postgres_database_url, "database", MIGRATIONS)
    locked, release = threading.Event(), threading.Event()

    def lock(tx: Tx) -> None:
        tx.execute("SELECT id FROM database_orders WHERE id = 'o-0' FOR UPDATE")
        locked.set()
        assert release.wait(PATIENCE_S)

    holding = asyncio.create_task(other.run(lock))
    assert await asyncio.to_thread(locked.wait, PATIENCE_S)
    writes = [writing(f"o-{n}", write(), brief=True) for n in range(4)]
    tasks = [asyncio.create_task(orders.run(one)) for one in writes]
    async with asyncio.timeout(PATIENCE_S):
        free = [(await task).row["version"] for task in tasks[1:]]
    waits = not tasks[0].done()
    release.set()
    await holding
    last = (await tasks[0]).row["version"]
    await other.close()

    assert ([2, 2, 2], True, 2) == (free, waits, last)


@pytest.mark.parametrize("same", [{"key": "k"}, {"order_id": "o-1"}], ids=["key", "id"])
async def test_two_that_want_the_same_do_not_break_a_bulk(
    orders: Storage, same: dict[str, object]
) -> None:
    """The first has it; the second is left over, and everything else is done."""
    given = [{"order_id": "o-1", "key": "k-1"}, {"order_id": "o-2", "key": "k-2"}]
    news = [creating(**(one | same)).item for one in given]
    free = creating(order_id="o-4", key="k-4").item
    first, second, last = await orders.run(lambda tx: bulk.create(tx, [*news, free]))

    assert first is not None
    assert second is None
    assert last is not None


COUNTING = """
    CREATE TABLE statements (kind TEXT);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO statements VALUES (TG_OP); RETURN NULL; END
    $$;
    CREATE TRIGGER noted AFTER INSERT OR UPDATE ON database_orders
        FOR EACH STATEMENT EXECUTE FUNCTION note();
"""


async def test_the_service_has_its_creates_and_writes_done_in_bulk(
    postgres_database_url: str,
) -> None:
    """Of many at once PostgreSQL sees fewer statements than there are orders."""
    many = range(100)
    async with running(create_app, postgres_database_url) as client:
        with psycopg.connect(postgres_database_url, autocommit=True) as watching:
            watching.execute(COUNTING)
            brief = {"Prefer": "return=minimal"}
            created = await asyncio.gather(
                *(client.post("/orders", json=new_order(f"o-{n}")) for n in many)
            )
            written = await asyncio.gather(
                *(client.patch(f"/orders/o-{n}", json=write(), headers=brief) for n in many)
            )
            counted: dict[str, int] = dict(
                watching.execute("SELECT kind, count(*) FROM statements GROUP BY kind").fetchall()
            )

    assert {201} == {answer.status_code for answer in created}
    assert {200} == {answer.status_code for answer in written}
    assert 0 < counted["INSERT"] < len(many)
    assert 0 < counted["UPDATE"] < len(many)


@pytest.mark.parametrize("rows", [0, 3, 30])
async def test_a_plan_made_while_there_are_few_orders_is_good_for_many(
    orders: Storage, rows: int
) -> None:
    """A statement keeps its plan until the table is analyzed; by then it may have grown much."""

    def fill(tx: Tx) -> None:
        for number in range(rows):
            commands.create(tx, creating(order_id=f"old-{number}", key=f"k-{number}").item)
        if rows:
            tx.execute("ANALYZE database_orders")
            tx.execute("ANALYZE database_keys")

    def plan(tx: Tx) -> str:
        one = commands.as_values(writing("o", write(), brief=True).item, 0)
        values = {"values": "[]", "orders": "[]", "keys": "[]", "now": 0, **one}
        statements = (bulk.CREATE, bulk.UPDATE, commands.UPDATE)
        found = [tx.execute(f"EXPLAIN {sql}", **values) for sql in statements]
        return "\n".join(row["QUERY PLAN"] for plan in found for row in plan)

    await orders.run(fill)
    steps = await orders.run(plan)
    reads = re.findall(r"Scan .*on database_(?:orders|keys)\b.*\n +(.*)", steps)

    ids = ("database_keys.order_id", "given.id", "'o'::text")
    assert [f"Index Cond: (id = {looked_up})" for looked_up in ids] == reads
