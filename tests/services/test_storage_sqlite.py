"""SQLite alone: one commit for all who wait, and trouble with file, lock and disk."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.storage import BadDatabaseUrl, StorageUnavailable, Tx, check_url, open_storage
from services.storage.sqlite import SqliteStorage, connect, is_engine_failure, open_sqlite

TABLE = "CREATE TABLE demo_notes (note TEXT NOT NULL);"


def note(tx: Tx) -> None:
    """Add a row."""
    tx.execute("INSERT INTO demo_notes (note) VALUES (:note)", note="x")


def count(tx: Tx) -> int:
    """Return the number of rows."""
    n: int = tx.execute("SELECT COUNT(*) AS n FROM demo_notes")[0]["n"]
    return n


async def test_all_who_wait_share_a_commit_that_none_is_answered_before(tmp_path: Path) -> None:
    """Works that gathered while one ran are committed together, and only then answered."""
    path = tmp_path / "shared.db"
    storage = await open_storage(f"sqlite:///{path}", "demo", [TABLE])
    began, release, unseen = threading.Event(), threading.Event(), []

    def hold(_: Tx) -> None:
        began.set()
        assert release.wait(10)

    def look_from_outside(_: Tx) -> None:
        with sqlite3.connect(path) as outside:
            unseen.append(outside.execute("SELECT COUNT(*) FROM demo_notes").fetchone()[0])
        outside.close()

    first = asyncio.create_task(storage.run(hold))
    await asyncio.to_thread(began.wait, 10)
    rest = [asyncio.create_task(storage.run(note)) for _ in range(50)]
    last = asyncio.create_task(storage.run(look_from_outside))
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(first, *rest, last)

    assert [0] == unseen  # the last of the batch ran before any of it was visible
    assert 50 == await storage.run(count)
    await storage.close()


@pytest.fixture
def writing_elsewhere(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A file that is not in WAL mode yet, and a connection that is just writing to it."""
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE others (x)")
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


async def test_a_new_file_is_opened_while_another_writes_to_it(
    tmp_path: Path, writing_elsewhere: sqlite3.Connection
) -> None:
    """SQLite refuses the change to WAL at once then, whatever wait was set; it is tried again."""

    def open_and_ask() -> str:
        opened = connect(tmp_path / "new.db", 10)
        ((mode,),) = opened.execute("PRAGMA journal_mode").fetchall()
        opened.close()
        return str(mode)

    opening = asyncio.create_task(asyncio.to_thread(open_and_ask))
    await asyncio.sleep(0.1)
    waited = not opening.done()
    writing_elsewhere.execute("COMMIT")

    assert "wal" == await opening
    assert waited


def test_a_new_file_is_not_waited_for_without_end(
    tmp_path: Path, writing_elsewhere: sqlite3.Connection
) -> None:
    """Somebody who never stops writing ends the wait in an error."""
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        connect(tmp_path / "new.db", 0.05)

    assert writing_elsewhere.in_transaction


async def test_a_lock_held_elsewhere_is_said_to_be_unavailable(tmp_path: Path) -> None:
    """While another process keeps the file's write lock, writes are refused and reads go on."""
    path = tmp_path / "locked.db"
    await (await open_sqlite(path, "demo", [TABLE])).close()
    storage = SqliteStorage(path, busy_timeout_s=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageUnavailable):
        await storage.run(note)

    assert 0 == await storage.read(count)
    other.execute("COMMIT")
    await storage.run(note)

    assert 1 == await storage.read(count)
    other.close()
    await storage.close()


async def test_a_full_disk_is_said_to_be_unavailable(tmp_path: Path) -> None:
    """A write that finds no room is refused whole, and the service goes on once there is room."""
    storage = await open_storage(f"sqlite:///{tmp_path}/full.db", "demo", [TABLE])

    def fill(tx: Tx) -> None:
        pages = tx.execute("PRAGMA page_count")[0]["page_count"]
        tx.execute(f"PRAGMA max_page_count = {pages}")
        tx.execute("INSERT INTO demo_notes (note) VALUES (:note)", note="x" * 100_000)

    with pytest.raises(StorageUnavailable):
        await storage.run(fill)

    assert 0 == await storage.run(count)
    await storage.run(note)  # a fresh connection knows nothing of the limit
    await storage.close()


async def test_readers_cannot_keep_what_they_write(tmp_path: Path) -> None:
    """A work given to read() that writes fails instead of slipping past the one writer."""
    storage = await open_storage(f"sqlite:///{tmp_path}/read.db", "demo", [TABLE])

    with pytest.raises((sqlite3.OperationalError, StorageUnavailable)):
        await storage.read(note)

    assert 0 == await storage.run(count)
    await storage.close()


async def test_the_folder_is_made(tmp_path: Path) -> None:
    """A path into folders that do not exist yet is taken."""
    storage = await open_storage(f"sqlite:///{tmp_path}/a/b/c.db", "demo", [TABLE])
    await storage.close()

    assert (tmp_path / "a" / "b" / "c.db").is_file()


def test_mistakes_in_statements_are_no_failures_of_the_engine() -> None:
    """Only disk, file and lock make a batch fail; a missing table is the statement's own fault."""
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(":memory:").execute("SELECT * FROM nothing")

    assert not is_engine_failure(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "", "mysql://host/db", "sqlite://x.db", "sqlite:///", "sqlite:///:memory:", "sqlite:///data/",
        "postgresql+psycopg://host/db", "postgresql://host:port/db", "postgresql://h/db?nonsense=1",
    ],
)  # fmt: skip
def test_a_url_of_another_form_is_refused(url: str) -> None:
    """What we cannot open is refused with the forms that we can."""
    with pytest.raises(BadDatabaseUrl, match="DATABASE_URL"):
        check_url(url)
