"""What both storages promise: whole transactions, durable commits, one clock, migrations."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest

from services.storage import Storage, StorageUnavailable, Tx, open_storage
from services.storage.migrations import statements
from services.storage.placeholders import to_pyformat
from services.storage.works import WorkQueue

COUNTERS = """
CREATE TABLE demo_counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));
INSERT INTO demo_counters (name, value) VALUES ('a;b', 0);
"""


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """Give an open storage with one table of counters."""
    opened = await open_storage(database_url, "demo", [COUNTERS])
    yield opened
    await opened.close()


def add(tx: Tx, amount: int = 1) -> int:
    """Add to the one counter and return its value."""
    rows = tx.execute(
        "UPDATE demo_counters SET value = value + :amount WHERE name = :name RETURNING value",
        amount=amount,
        name="a;b",
    )
    value: int = rows[0]["value"]
    return value


def value_of(tx: Tx) -> int:
    """Return the value of the one counter."""
    return add(tx, 0)


async def test_works_at_once_all_count(storage: Storage) -> None:
    """A hundred additions at once make a hundred, and each sees a value of its own."""
    values = await asyncio.gather(*(storage.run(add) for _ in range(100)))

    assert list(range(1, 101)) == sorted(values)


async def test_a_failed_work_leaves_nothing_and_harms_nobody(storage: Storage) -> None:
    """An exception undoes its own work and comes out of its own await, amid works that hold."""

    def add_then_fail(tx: Tx) -> None:
        add(tx, 1000)
        raise LookupError("no")

    works: list[Callable[[Tx], object]] = [add, add_then_fail] * 20
    outcomes = await asyncio.gather(*map(storage.run, works), return_exceptions=True)

    assert 20 == sum(isinstance(outcome, LookupError) for outcome in outcomes)
    assert 20 == await storage.run(value_of)


async def test_a_broken_constraint_harms_nobody_else(storage: Storage) -> None:
    """A statement the database refuses fails its own work alone."""
    outcomes = await asyncio.gather(
        storage.run(add),
        storage.run(lambda tx: add(tx, -1000)),
        storage.run(add),
        return_exceptions=True,
    )

    assert [False, True, False] == [isinstance(outcome, Exception) for outcome in outcomes]
    assert not isinstance(outcomes[1], StorageUnavailable)
    assert 2 == await storage.run(value_of)


async def test_a_read_sees_every_answered_write(storage: Storage) -> None:
    """A read that begins after a run was answered sees its effect."""
    seen = []
    for _ in range(20):
        written = await storage.run(add)
        rows = await storage.read(lambda tx: tx.execute("SELECT value FROM demo_counters"))
        seen.append((written, rows[0]["value"]))

    assert [(n, n) for n in range(1, 21)] == seen


async def test_a_cancelled_caller_does_not_hurt_the_rest(database_url: str) -> None:
    """Work whose caller has gone is still done whole, and others are answered."""
    storage = await open_storage(database_url, "demo", [COUNTERS])
    gone = asyncio.create_task(storage.run(add))
    await asyncio.sleep(0)
    gone.cancel()
    await storage.run(add)
    await storage.close()
    again = await open_storage(database_url, "demo", [COUNTERS])

    assert 2 == await again.run(value_of)
    await again.close()


async def test_the_clock_is_epoch_milliseconds(storage: Storage) -> None:
    """now_ms is the time of day, and goes on inside a transaction."""
    before = time.time_ns() // 1_000_000
    first, second = await storage.run(lambda tx: (tx.now_ms(), tx.now_ms()))

    assert before - 1 <= first <= second <= before + 60_000


async def test_the_loop_is_not_blocked_by_a_long_work(storage: Storage) -> None:
    """While a work takes its time, the event loop goes on."""
    release = threading.Event()

    def wait(tx: Tx) -> int:
        assert release.wait(10)
        return value_of(tx)

    waiting = asyncio.create_task(storage.run(wait))
    for _ in range(100):
        await asyncio.sleep(0)
    release.set()

    assert 0 == await waiting


async def test_migrations_run_once_each_and_in_order(database_url: str) -> None:
    """Opening again runs only what is new; two services count their own."""
    second = "ALTER TABLE demo_counters ADD COLUMN note TEXT;"
    for migrations in ([COUNTERS], [COUNTERS], [COUNTERS, second], [COUNTERS]):
        await (await open_storage(database_url, "demo", migrations)).close()
    storage = await open_storage(database_url, "other", ["CREATE TABLE other_things (id TEXT);"])
    rows = await storage.run(
        lambda tx: tx.execute("SELECT service, version FROM schema_migrations ORDER BY 1, 2")
    )
    await storage.close()

    assert [("demo", 0), ("demo", 1), ("other", 0)] == [(r["service"], r["version"]) for r in rows]


async def test_many_may_migrate_at_once(database_url: str) -> None:
    """Processes that start together on one database take turns, and all come up."""
    storages = await asyncio.gather(
        *(open_storage(database_url, "demo", [COUNTERS]) for _ in range(5))
    )
    values = await asyncio.gather(*(storage.run(add) for storage in storages))
    for storage in storages:
        await storage.close()

    assert [1, 2, 3, 4, 5] == sorted(values)


async def test_what_was_accepted_is_finished_before_the_end(database_url: str) -> None:
    """close() answers all that waits; later works are refused."""
    storage = await open_storage(database_url, "demo", [COUNTERS])
    waiting = [asyncio.create_task(storage.run(add)) for _ in range(50)]
    await asyncio.sleep(0)
    await storage.close()

    assert list(range(1, 51)) == sorted(await asyncio.gather(*waiting))
    with pytest.raises(StorageUnavailable):
        await storage.run(add)


async def test_a_full_queue_refuses_at_once() -> None:
    """A work more than may wait is refused, so that what waits is bounded."""
    queue = WorkQueue(limit=1)
    first = asyncio.create_task(queue.submit(add))
    await asyncio.sleep(0)

    with pytest.raises(StorageUnavailable, match="too many"):
        await queue.submit(add)

    first.cancel()


def test_scripts_are_cut_where_statements_end() -> None:
    """Semicolons in literals and comments stay; what is empty is no statement."""
    script = "INSERT INTO t VALUES (';'); -- a; comment\nSELECT 1;\n;"

    assert 2 == len(list(statements(script)))


def test_a_script_that_ends_inside_a_statement_is_refused() -> None:
    """A literal that never closes is named at start, not at first use."""
    with pytest.raises(ValueError, match="ends inside"):
        list(statements("SELECT 'open;"))


def test_placeholders_become_psycopgs() -> None:
    """Names are rewritten; casts stay casts, and a percent sign stays one."""
    text = to_pyformat("SELECT :a_1, x::bigint, 5 % 2 WHERE b=:b")

    assert b"SELECT %(a_1)s, x::bigint, 5 %% 2 WHERE b=%(b)s" == text
