"""Creates and updates that wait at once, all of a kind by one statement. PostgreSQL only.

A statement is a message to the server and an answer; what it does for one row more is little beside
that. Only what goes as it should is done here: for the rest each command has its own ways.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydantic_core import to_json

from services.database.commands import (
    INSERT_KEY,
    SET_WHERE_UNCHANGED,
    UNLESS_BOUND,
    NewOrder,
    Stored,
    Write,
    as_row,
    as_values,
    later,
)
from services.database.record import COLUMNS, HEAD_COLUMNS
from services.storage import Row, Tx

CREATE = (
    f"WITH kept AS (INSERT INTO database_orders ({COLUMNS}) SELECT {COLUMNS}"
    "  FROM json_populate_recordset(NULL::database_orders, CAST(:orders AS json))"
    "  ON CONFLICT (id) DO NOTHING RETURNING id),"
    f" bound AS ({INSERT_KEY} SELECT caller, key, order_id, expires_ms"
    "  FROM json_populate_recordset(NULL::database_keys, CAST(:keys AS json))"
    f"  JOIN kept ON kept.id = order_id{UNLESS_BOUND} RETURNING order_id)"
    " SELECT kept.id AS id, bound.order_id IS NOT NULL AS bound"
    " FROM kept LEFT JOIN bound ON bound.order_id = kept.id"
)
TAKE_BACK = "DELETE FROM database_orders WHERE id = ANY(:ids)"
VALUES = (
    " FROM json_to_recordset(CAST(:values AS json)) AS given (id text, version bigint, owner text,"
    "  write_id text, progress_json text, status text, new_owner text, lease_until bigint,"
    "  attention text)"
)
# Always true, and the planner expects it of one row in two hundred: so it looks up orders for what
# is given. Of a hundred rows, as it expects of any JSON, it would look up what is given for all
# orders, as long as it knows of few, and would go on so when they are many.
FEW = " AND given.id || '' = given.id"
UPDATE = (
    SET_WHERE_UNCHANGED.format("given.", VALUES)
    + FEW
    + " RETURNING "
    + ", ".join(f"database_orders.{column}" for column in HEAD_COLUMNS.split(", "))
)


def create(tx: Tx, news: Sequence[NewOrder]) -> list[Stored | None]:
    """Keep those orders whose ids are new and whose keys are free; None for all others."""
    now = tx.now_ms()
    rows = {new: as_row(new, now) for new in _one_of_each(news)}
    done = tx.execute(CREATE, orders=_json(rows.values()), keys=_json(_keys(rows, now)), now=now)
    bound = {row["id"]: row["bound"] for row in done}
    kept = {new for new in rows if new.asked.id in bound}
    taken = {new for new in kept if new.asked.key is not None and not bound[new.asked.id]}
    if taken:  # by another order: the command, which begins anew, is to find nothing of it
        tx.execute(TAKE_BACK, ids=[new.asked.id for new in taken])
    plain = kept - taken
    return [Stored(rows[new], now, 201) if new in plain else None for new in news]


def update(tx: Tx, writes: Sequence[Write]) -> list[Stored | None]:
    """Write those for which version and owner are as their callers believe; None for all others."""
    now = tx.now_ms()
    # Of several to one order the first: the next is to find what that has made of it.
    first = {write.order_id: write for write in reversed(writes)}
    brief = [write for write in first.values() if write.brief]
    if not brief:
        return [None] * len(writes)
    values = _json(as_values(write, now) for write in brief)
    rows = {row["id"]: row for row in tx.execute(UPDATE, values=values, now=now)}
    done = {write for write in brief if write.order_id in rows}
    return [Stored(rows[write.order_id], now) if write in done else None for write in writes]


def _one_of_each(news: Sequence[NewOrder]) -> Iterator[NewOrder]:
    """Of those with one id or one key the first: two in a statement would not see each other."""
    taken = set[tuple[str, ...]]()
    for new in news:
        names: set[tuple[str, ...]] = {("id", new.asked.id)}
        if new.asked.key is not None:
            names.add(("key", new.asked.caller, new.asked.key))
        if taken.isdisjoint(names):
            yield new
        taken |= names


def _keys(news: Iterable[NewOrder], now: int) -> Iterator[Row]:
    for new in news:
        asked = new.asked
        if asked.key is not None:
            yield {
                "caller": asked.caller,
                "key": asked.key,
                "order_id": asked.id,
                "expires_ms": later(now, asked.key_ttl_s),
            }


def _json(rows: Iterable[Row]) -> str:
    return to_json(list(rows)).decode()
