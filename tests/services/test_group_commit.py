"""Writes that wait share a commit: none is answered before it or spoils it for the others."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from services.storage import Storage, StorageUnavailable, Tx, open_storage
from tests.services.batches import PATIENCE_S, Work, batch

TABLES = """
CREATE TABLE demo_rows (id TEXT PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));
INSERT INTO demo_rows (id, value) VALUES ('a', 0), ('b', 0);
CREATE TABLE demo_parents (id BIGINT PRIMARY KEY);
CREATE TABLE demo_children (
    parent BIGINT NOT NULL REFERENCES demo_parents (id) DEFERRABLE INITIALLY DEFERRED
);
"""
CROWD = 50
"""More than any replica has waiting at once, and less than a batch takes."""


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """Give an open storage with two rows, on each engine."""
    opened = await open_storage(database_url, "demo", [TABLES])
    yield opened
    await opened.close()


def add(tx: Tx, amount: int = 1, row: str = "a") -> int:
    """Add to a row and return its value."""
    rows = tx.execute(
        "UPDATE demo_rows SET value = value + :amount WHERE id = :row RETURNING value",
        amount=amount,
        row=row,
    )
    value: int = rows[0]["value"]
    return value


def add_then_fail(tx: Tx) -> None:
    """Write, and then find that it must not be."""
    add(tx, 1000)
    raise LookupError


def add_in_with_then_fail(tx: Tx) -> None:
    """The same by a statement that begins as a question."""
    if tx.writes_in_with:
        tx.execute(
            "WITH added AS (UPDATE demo_rows SET value = value + 1000 WHERE id = 'a' RETURNING 1)"
            " SELECT count(*) FROM added"
        )
    raise LookupError


def find_nothing(tx: Tx) -> None:
    """Fail without having written."""
    tx.execute("SELECT value FROM demo_rows WHERE id = 'none'")
    raise KeyError


def orphan(tx: Tx) -> str:
    """Write what only COMMIT refuses."""
    tx.execute("INSERT INTO demo_children (parent) VALUES (1)")
    return "answered"


async def test_each_sees_what_those_before_it_wrote(storage: Storage) -> None:
    """Fifty additions of one batch count from one to fifty, in the order in which they came."""
    assert list(range(1, CROWD + 1)) == await batch(storage, [add] * CROWD)


@pytest.mark.postgres
async def test_all_who_wait_share_a_transaction(postgres_database_url: str) -> None:
    """PostgreSQL knows the fifty by one number."""
    storage = await open_storage(postgres_database_url, "demo", [TABLES])

    def number(tx: Tx) -> str:
        add(tx)
        return str(tx.execute("SELECT pg_current_xact_id()::text AS number")[0]["number"])

    numbers = await batch(storage, [number] * CROWD)
    await storage.close()

    assert (CROWD, 1) == (len(numbers), len(set(numbers)))


async def test_one_that_fails_leaves_nothing_and_spoils_nothing(storage: Storage) -> None:
    """Failures with and without a trace of their own: all others hold, once each."""
    works: list[Work] = [
        *(add, add_then_fail, add_in_with_then_fail, find_nothing),
        *(add, lambda tx: add(tx, -1000), add),
    ]
    first, failed, failed_too, missed, second, broke, third = await batch(storage, works)

    assert [LookupError] * 2 == [type(failed), type(failed_too)]
    assert isinstance(missed, KeyError)
    assert isinstance(broke, Exception)
    assert not isinstance(broke, StorageUnavailable)
    assert [1, 2, 3] == sorted([first, second, third])
    assert 3 == await storage.run(lambda tx: add(tx, 0))


async def test_many_that_fail_spoil_nothing(storage: Storage) -> None:
    """Every second work of a batch fails: the others hold, once each."""
    outcomes = await batch(storage, [add, add_then_fail] * (CROWD // 2))
    values = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]

    assert list(range(1, CROWD // 2 + 1)) == sorted(values)
    assert CROWD // 2 == await storage.run(lambda tx: add(tx, 0))


async def test_nobody_is_answered_before_the_commit(storage: Storage) -> None:
    """A commit that fails is a failure for all of the batch, and nothing of it is there."""
    outcomes = await batch(storage, [add, orphan, add])

    assert [StorageUnavailable] * 3 == [type(outcome) for outcome in outcomes]
    assert 0 == await storage.run(lambda tx: add(tx, 0))


@pytest.mark.postgres
async def test_batches_that_want_each_others_rows_part(postgres_database_url: str) -> None:
    """Of two processes that lock two rows crosswise, both are answered, and no work is lost."""
    one = await open_storage(postgres_database_url, "demo", [TABLES])
    two = await open_storage(postgres_database_url, "demo", [TABLES])
    both_hold_one = threading.Barrier(2)
    met: set[str] = set()

    def crosswise(tx: Tx, first: str, second: str) -> None:
        add(tx, 1, first)
        if first not in met:  # the first time only: a work that is run again has met already
            met.add(first)
            both_hold_one.wait(PATIENCE_S)
        add(tx, 1, second)

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(
            one.run(lambda tx: crosswise(tx, "a", "b")), two.run(lambda tx: crosswise(tx, "b", "a"))
        )
    values = await one.run(lambda tx: (add(tx, 0, "a"), add(tx, 0, "b")))
    await one.close()
    await two.close()

    assert (2, 2) == values


@pytest.mark.postgres
async def test_one_that_waits_for_a_row_holds_up_nobody(postgres_database_url: str) -> None:
    """While a row is locked elsewhere, its work waits and those that came with it are answered."""
    one = await open_storage(postgres_database_url, "demo", [TABLES])
    two = await open_storage(postgres_database_url, "demo", [TABLES])
    locked, release = threading.Event(), threading.Event()

    def lock(tx: Tx) -> None:
        add(tx, 1, "b")
        locked.set()
        assert release.wait(PATIENCE_S)

    locking = asyncio.create_task(two.run(lock))
    assert await asyncio.to_thread(locked.wait, PATIENCE_S)
    waiting = asyncio.create_task(one.run(lambda tx: add(tx, 1, "b")))
    async with asyncio.timeout(PATIENCE_S):
        answered = [await one.run(add) for _ in range(3)]
    undecided = not waiting.done()
    release.set()
    await locking
    last = await waiting
    await one.close()
    await two.close()

    assert ([1, 2, 3], True, 2) == (answered, undecided, last)


@pytest.mark.postgres
async def test_a_failure_that_a_work_kept_to_itself_is_no_success(
    postgres_database_url: str,
) -> None:
    """A transaction that PostgreSQL gave up is not answered for, though COMMIT is no error."""
    storage = await open_storage(postgres_database_url, "demo", [TABLES])

    def hush(tx: Tx) -> str:
        add(tx)
        try:
            tx.execute("SELECT * FROM nothing")
        except Exception:  # noqa: BLE001 - what is tried here
            return "answered"
        raise AssertionError

    with pytest.raises(StorageUnavailable):
        await storage.run(hush)
    value = await storage.run(lambda tx: add(tx, 0))
    await storage.close()

    assert 0 == value
