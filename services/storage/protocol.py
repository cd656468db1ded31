"""What a service may ask of its storage, whichever engine is below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

Row: TypeAlias = dict[str, Any]
T = TypeVar("T")
Item = TypeVar("Item")


class StorageUnavailable(Exception):  # noqa: N818 - named for what the caller is told, as in HTTP
    """The storage cannot answer now, or the outcome of a commit is unknown: repeat, same key."""


class BadDatabaseUrl(ValueError):  # noqa: N818 - names the setting that is wrong
    """DATABASE_URL names no storage this program can use; the text says which forms it takes."""


class Tx(Protocol):
    """One transaction; lives in a storage thread, only while its work runs."""

    for_update: str
    """What ends a SELECT that locks its rows: " FOR UPDATE", or "" where writes are serial."""
    skip_locked: str
    """The same, skipping rows that another transaction has locked."""
    writes_in_with: bool
    """Whether what stands in a WITH clause may write."""

    def execute(self, sql: str, **params: object) -> list[Row]:
        """Run one statement with :name placeholders and return its rows ([] when it has none)."""
        ...

    def now_ms(self) -> int:
        """Return the storage's clock in epoch ms: the only one that leases and expiries know.

        It is never behind the moment at which the work was submitted; it may stand still while the
        transaction lasts.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class BulkWork(Generic[Item, T]):
    """A work of which many may wait at once, alike but for `item`.

    An engine for which statements are dear may give the items of several to `bulk`, which returns
    the result of each, or None: that item has left no trace in the transaction, and is to be seen
    to by `alone`.
    """

    alone: Callable[[Tx, Item], T]
    bulk: Callable[[Tx, Sequence[Item]], Sequence[T | None]]
    item: Item

    def __call__(self, tx: Tx) -> T:
        """Run as any other work."""
        return self.alone(tx, self.item)


class Storage(Protocol):
    """A place that keeps what it has answered for, even when the process is killed."""

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction and return its result once the commit is durable.

        An exception raised by `work` rolls its effects back and comes out of the await. `work` may
        be run more than once (after a deadlock), so it must touch nothing but the transaction.
        Raises StorageUnavailable when nothing is known to have been committed.
        """
        ...

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work`, which only reads, beside the writers; it sees every answered `run`."""
        ...

    async def close(self) -> None:
        """Finish the works already accepted, then let go of threads and connections."""
        ...
