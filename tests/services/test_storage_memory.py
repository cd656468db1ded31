"""Storage in memory keeps the promises of a storage, but for the one that gives it its name."""

import asyncio
from collections.abc import Iterator

import pytest

from services.storage import BadDatabaseUrl, Tx, check_url
from services.storage.memory import MemoryStorage

COUNTER = """
CREATE TABLE demo_counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));
INSERT INTO demo_counters (name, value) VALUES ('a', 0);
"""


@pytest.fixture
def storage() -> Iterator[MemoryStorage]:
    """Give a storage with one counter, and a clock that stands at 5 s."""
    opened = MemoryStorage("demo", [COUNTER], lambda: 5000)
    yield opened
    asyncio.run(opened.close())


def add(tx: Tx, amount: int = 1) -> int:
    """Add to the counter and return its value."""
    rows = tx.execute(
        "UPDATE demo_counters SET value = value + :amount RETURNING value", amount=amount
    )
    value: int = rows[0]["value"]
    return value


def test_a_work_is_done_at_once(storage: MemoryStorage) -> None:
    """Without a loop, without a thread; the next one sees what it did."""
    assert [1, 2] == [storage.do(add), storage.do(add)]
    assert 2 == storage.look(lambda tx: add(tx, 0))


def test_a_failed_work_leaves_nothing(storage: MemoryStorage) -> None:
    """An exception undoes its own work and comes out."""
    storage.do(add)

    def add_then_fail(tx: Tx) -> None:
        add(tx, 1000)
        raise LookupError

    with pytest.raises(LookupError):
        storage.do(add_then_fail)
    assert 2 == storage.do(add)


def test_the_clock_is_the_callers(storage: MemoryStorage) -> None:
    """Leases and expiries know no other."""
    assert 5000 == storage.do(lambda tx: tx.now_ms())


def test_it_forgets_all_but_its_tables(storage: MemoryStorage) -> None:
    """After that it is as it was opened."""
    storage.do(add)
    storage.forget()

    assert 1 == storage.do(add)


async def test_it_is_a_storage() -> None:
    """The services' own way of asking works as well."""
    opened = MemoryStorage("demo", [COUNTER], lambda: 0)

    assert (1, 1) == (await opened.run(add), await opened.read(lambda tx: add(tx, 0)))
    await opened.close()


def test_no_address_names_it() -> None:
    """A service cannot be started on storage that does not outlive it."""
    with pytest.raises(BadDatabaseUrl):
        check_url("sqlite:///:memory:")
