"""What changes orders, keys and leases; each command is one transaction's work.

Under PostgreSQL these run at READ COMMITTED, so each decision is a conditional statement or an
insert that meets a unique key, never a look followed by a leap.
"""

from dataclasses import dataclass

from services.database.model import Abandon, Claim, CreateOrder, OrderStatus, UpdateOrder
from services.database.record import COLUMNS, HEAD_COLUMNS, as_object
from services.problem import ProblemError
from services.storage import Row, StorageUnavailable, Tx

# Rows per transaction of the purge: small enough that nobody notices the wait.
PURGE_BATCH = 500
# A key can vanish (abandoned) between losing it and reading it, but hardly ever twice in a row.
KEY_ATTEMPTS = 5


@dataclass(frozen=True)
class Stored:
    """A row as it stands, the clock it was read at, and the status that answers with it."""

    row: Row
    now_ms: int
    status: int = 200


@dataclass(frozen=True, slots=True, eq=False)
class NewOrder:
    """One create: what was asked, and the texts of what is opaque in it."""

    asked: CreateOrder
    order_json: str
    progress_json: str


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """One update. `brief`: the row it returns may be without what callers keep in it."""

    order_id: str
    asked: UpdateOrder
    progress_json: str
    brief: bool = False


def create(tx: Tx, new: NewOrder) -> Stored:
    """Keep a new order and bind its key, or return the order that was there first.

    201 for a new order and for a repeat with the same id, 200 for the order to which the key is
    bound already. Raises ProblemError (410 abandoned).
    """
    now, request = tx.now_ms(), new.asked
    row = as_row(new, now)
    kept, bound = _keep(tx, request, row, now)
    if not kept:
        return Stored(_repeated(tx, request.id), now, 201)
    if request.key is None or bound:
        return Stored(row, now, 201)
    for _ in range(KEY_ATTEMPTS):
        winner = _bound_order(tx, request.caller, request.key)
        if winner is not None:
            tx.execute("DELETE FROM database_orders WHERE id = :id", id=request.id)
            return Stored(winner, now, 200)
        if _bind_key(tx, request, request.key, now):
            return Stored(row, now, 201)
    raise StorageUnavailable("the key changes hands all the time: repeat")


def as_row(new: NewOrder, now: int) -> Row:
    """Return the row of a new order, which need not be read to be known."""
    request = new.asked
    return {
        "id": request.id,
        "caller": request.caller,
        "fingerprint": request.fingerprint,
        "user_id": request.user_id,
        "status": "PENDING",
        "version": 1,
        "write_id": None,
        "owner": request.owner,
        "lease_until": later(now, request.lease_s),
        "rounds": 0,
        "attention": None,
        "attention_since": None,
        "created_ms": now,
        "updated_ms": now,
        "order_json": new.order_json,
        "progress_json": new.progress_json,
    }


INSERT_ORDER = (
    f"INSERT INTO database_orders ({COLUMNS})"
    f" VALUES ({', '.join(f':{column}' for column in COLUMNS.split(', '))})"
    " ON CONFLICT (id) DO NOTHING RETURNING id"
)
# An expired key of a final order is replaced.
UNLESS_BOUND = (
    " ON CONFLICT (caller, key) DO UPDATE"
    " SET order_id = excluded.order_id, expires_ms = excluded.expires_ms"
    " WHERE database_keys.expires_ms <= :now AND EXISTS ("
    "  SELECT 1 FROM database_orders"
    "  WHERE database_orders.id = database_keys.order_id"
    "  AND database_orders.lease_until IS NULL)"
)
INSERT_KEY = "INSERT INTO database_keys (caller, key, order_id, expires_ms)"
INSERT_BOTH = (
    f"WITH kept AS ({INSERT_ORDER}),"
    f" bound AS ({INSERT_KEY} SELECT :caller, :key, id, :expires_ms FROM kept{UNLESS_BOUND}"
    "  RETURNING key)"
    " SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM bound) AS bound"
)


def _keep(tx: Tx, request: CreateOrder, row: Row, now: int) -> tuple[bool, bool]:
    """Keep the order and bind its key: whether the id was new, and whether the key was free.

    Where one statement can do both, a message to the server and its answer are saved.
    """
    if request.key is not None and tx.writes_in_with:
        expires = later(now, request.key_ttl_s)
        (done,) = tx.execute(INSERT_BOTH, **row, key=request.key, expires_ms=expires, now=now)
        return bool(done["kept"]), bool(done["bound"])
    kept = bool(tx.execute(INSERT_ORDER, **row))
    bound = kept and request.key is not None and _bind_key(tx, request, request.key, now)
    return kept, bound


def _repeated(tx: Tx, order_id: str) -> Row:
    row = _select(tx, order_id)
    if row is None or row["status"] == "ABANDONED":
        detail = "The order was abandoned before anything was done for it: use a new id."
        raise ProblemError(410, "abandoned", detail)
    return row


def _bind_key(tx: Tx, request: CreateOrder, key: str, now: int) -> bool:
    """Bind the key to the new order by one insert."""
    return bool(
        tx.execute(
            f"{INSERT_KEY} VALUES (:caller, :key, :order_id, :expires_ms){UNLESS_BOUND}"
            " RETURNING key",
            caller=request.caller,
            key=key,
            order_id=request.id,
            expires_ms=later(now, request.key_ttl_s),
            now=now,
        )
    )


def _bound_order(tx: Tx, caller: str, key: str) -> Row | None:
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM database_orders WHERE id ="
        " (SELECT order_id FROM database_keys WHERE caller = :caller AND key = :key)",
        caller=caller,
        key=key,
    )
    return rows[0] if rows else None


SET_WHERE_UNCHANGED = (
    "UPDATE database_orders SET status = {0}status, version = database_orders.version + 1,"
    " write_id = {0}write_id, owner = {0}new_owner, lease_until = {0}lease_until,"
    " progress_json = {0}progress_json, attention = {0}attention, updated_ms = :now,"
    " attention_since = CASE WHEN CAST({0}attention AS TEXT) IS NULL THEN NULL"
    "  ELSE COALESCE(database_orders.attention_since, CAST(:now AS BIGINT)) END"
    "{1} WHERE database_orders.id = {0}id AND database_orders.version = {0}version"
    "  AND database_orders.owner || '' = {0}owner"
    "  AND (database_orders.status || '' = 'PENDING' OR"
    "   database_orders.status = 'COMPENSATING' AND {0}status NOT IN ('PENDING', 'CONFIRMED'))"
)
"""The compare-and-set: `{0}` stands before each value, `{1}` is where values come from.

`|| ''` keeps the planner from looking for the order by anything but its id: it would, while the
table is small, and the entries of rows that have been overwritten are in those indexes for long.
"""
UPDATE = SET_WHERE_UNCHANGED.format(":", "")


def update(tx: Tx, write: Write) -> Stored:
    """Write if version and owner are still as the caller believes; a repeated write is no second.

    Raises ProblemError: 404 unknown_order, 409 version_conflict or illegal_transition (both with
    the present `record`).
    """
    now = tx.now_ms()
    columns = HEAD_COLUMNS if write.brief else COLUMNS
    rows = tx.execute(f"{UPDATE} RETURNING {columns}", **as_values(write, now), now=now)
    if rows:
        return Stored(rows[0], now)
    return _repeated_write(_select(tx, write.order_id), write.asked, now)


def as_values(write: Write, now: int) -> dict[str, object]:
    """Return what an update compares, and what it sets."""
    request = write.asked
    return {
        "id": write.order_id,
        "version": request.version,
        "owner": request.owner,
        "write_id": request.write_id,
        "progress_json": write.progress_json,
        **_outcome(request, now),
    }


def _outcome(request: UpdateOrder, now: int) -> dict[str, object]:
    """Return whose the order is after the write, and until when; a final one is nobody's."""
    status = request.status.value
    if request.status.final:
        return {"status": status, "new_owner": None, "lease_until": None, "attention": None}
    kept = request.lease_s is not None
    pause_s = request.lease_s if request.lease_s is not None else request.release_for_s
    return {
        "status": status,
        "new_owner": request.owner if kept else None,
        "lease_until": later(now, pause_s or 0.0),
        "attention": request.attention,
    }


def _repeated_write(row: Row | None, request: UpdateOrder, now: int) -> Stored:
    if row is None or row["status"] == "ABANDONED":
        raise unknown_order()
    if row["version"] == request.version + 1 and row["write_id"] == request.write_id:
        return Stored(row, now)
    record = as_object(row, now)
    stale = row["version"] != request.version
    if not stale and (OrderStatus(row["status"]).final or row["owner"] == request.owner):
        detail = f"An order that is {row['status']} does not become {request.status}."
        raise ProblemError(409, "illegal_transition", detail, record=record)
    detail = "Another wrote the order or owns it: stop, and go by the record given here."
    raise ProblemError(409, "version_conflict", detail, record=record)


def claim(tx: Tx, request: Claim) -> tuple[list[Row], int]:
    """Give the owner up to `limit` orders whose lease has run out, oldest lease first.

    An owner that holds orders gets those: it asks again because the answer was lost.
    """
    now = tx.now_ms()
    held = tx.execute(
        f"SELECT {COLUMNS} FROM database_orders WHERE owner = :owner AND lease_until > :now"
        " ORDER BY lease_until, id LIMIT :limit",
        owner=request.owner,
        now=now,
        limit=request.limit,
    )
    return held or _claim_due(tx, request, now), now


def _claim_due(tx: Tx, request: Claim, now: int) -> list[Row]:
    # The CTE is materialised, so that its LIMIT and its locks are taken once.
    return tx.execute(
        "WITH due AS MATERIALIZED ("
        "  SELECT id FROM database_orders WHERE lease_until <= :now"
        f"  ORDER BY lease_until, id LIMIT :limit{tx.skip_locked})"
        " UPDATE database_orders SET owner = :owner, lease_until = :lease_until,"
        "  version = version + 1, rounds = rounds + 1, write_id = NULL, updated_ms = :now"
        " WHERE id IN (SELECT id FROM due) AND lease_until <= :now"
        f" RETURNING {COLUMNS}",
        owner=request.owner,
        lease_until=later(now, request.lease_s),
        limit=request.limit,
        now=now,
    )


def abandon(tx: Tx, order_id: str, request: Abandon) -> None:
    """Take back a create: the id is dead for good, whether the create came, comes or never comes.

    Raises ProblemError (409 taken_over) when the order has moved on and is not to be taken back.
    """
    buried = tx.execute(
        "INSERT INTO database_orders (id, caller, fingerprint, status, version, rounds,"
        " created_ms, updated_ms, order_json, progress_json)"
        " VALUES (:id, '', '', 'ABANDONED', 1, 0, :now, :now, '{}', '{}')"
        " ON CONFLICT (id) DO UPDATE SET status = 'ABANDONED', owner = NULL, lease_until = NULL,"
        "  user_id = NULL, updated_ms = excluded.updated_ms,"
        "  order_json = '{}', progress_json = '{}'"
        " WHERE database_orders.status = 'PENDING' AND database_orders.version = 1"
        "  AND database_orders.owner = :owner"
        " RETURNING id",
        id=order_id,
        owner=request.owner,
        now=tx.now_ms(),
    )
    if buried:
        tx.execute("DELETE FROM database_keys WHERE order_id = :id", id=order_id)
        return
    row = _select(tx, order_id)
    if row is not None and row["status"] != "ABANDONED":
        detail = "The order has moved on: another worker has it, or had it."
        raise ProblemError(409, "taken_over", detail)


def purge_keys(tx: Tx) -> int:
    """Delete some expired keys of final orders and return how many."""
    # The outer expires_ms is looked at again under the row's lock: a key that was bound anew in
    # between stays.
    purged = tx.execute(
        "DELETE FROM database_keys WHERE expires_ms <= :now AND (caller, key) IN ("
        "  SELECT database_keys.caller, database_keys.key FROM database_keys"
        "  JOIN database_orders ON database_orders.id = database_keys.order_id"
        "  WHERE database_keys.expires_ms <= :now AND database_orders.lease_until IS NULL"
        "  ORDER BY database_keys.expires_ms LIMIT :limit)"
        " RETURNING key",
        now=tx.now_ms(),
        limit=PURGE_BATCH,
    )
    return len(purged)


def unknown_order() -> ProblemError:
    """Return the refusal of an id that names no order."""
    return ProblemError(404, "unknown_order", "No order has this id.")


def later(now_ms: int, seconds: float) -> int:
    """Return the moment `seconds` after `now_ms`."""
    return now_ms + round(seconds * 1000)


def _select(tx: Tx, order_id: str) -> Row | None:
    rows = tx.execute(f"SELECT {COLUMNS} FROM database_orders WHERE id = :id", id=order_id)
    return rows[0] if rows else None
