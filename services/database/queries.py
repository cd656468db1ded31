"""What reads orders and keys, and changes nothing."""

import base64
import binascii
import re
from dataclasses import dataclass

from services.database.commands import unknown_order
from services.database.model import OrderStatus
from services.database.record import COLUMNS
from services.problem import ProblemError
from services.storage import Row, Tx

CURSOR_FORM = re.compile(r"(\d{1,16}):([\x21-\x7e]{1,255})")


@dataclass(frozen=True)
class Filter:
    """Which orders a list is of; None and False filter nothing."""

    user_id: str | None = None
    status: OrderStatus | None = None
    caller: str | None = None
    attention: bool = False


@dataclass(frozen=True)
class Position:
    """Where a page ended: the next one begins with the first order older than this."""

    created_ms: int
    id: str

    def encode(self) -> str:
        """Return the cursor, opaque to callers."""
        return base64.urlsafe_b64encode(f"{self.created_ms}:{self.id}".encode()).decode()


def decode_cursor(cursor: str) -> Position:
    """Return the position in a cursor; raises ProblemError (400) when it is none of ours."""
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        text = raw.decode("ascii")
    except (binascii.Error, UnicodeError):
        text = ""
    match = CURSOR_FORM.fullmatch(text)
    if match is None:
        detail = "The cursor is not one this service gave: start without one."
        raise ProblemError(400, "invalid_cursor", detail)
    return Position(int(match[1]), match[2])


def get(tx: Tx, order_id: str) -> tuple[Row, int]:
    """Return an order and the clock; raises ProblemError (404 unknown_order)."""
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM database_orders WHERE id = :id AND status <> 'ABANDONED'",
        id=order_id,
    )
    if not rows:
        raise unknown_order()
    return rows[0], tx.now_ms()


def by_key(tx: Tx, caller: str, key: str) -> tuple[Row, int]:
    """Return the order a key is bound to; raises ProblemError (404 unknown_key).

    An expired key of a final order is as good as gone: the next create takes it over.
    """
    now = tx.now_ms()
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM database_orders WHERE id ="
        "  (SELECT order_id FROM database_keys WHERE caller = :caller AND key = :key)"
        " AND (lease_until IS NOT NULL OR EXISTS (SELECT 1 FROM database_keys"
        "  WHERE caller = :caller AND key = :key AND expires_ms > :now))",
        caller=caller,
        key=key,
        now=now,
    )
    if not rows:
        raise ProblemError(404, "unknown_key", "No order is bound to this key of this caller.")
    return rows[0], now


def newest(
    tx: Tx, wanted: Filter, limit: int, after: Position | None
) -> tuple[list[Row], Position | None, int]:
    """Return a page of orders, newest first, where the next page begins, and the clock."""
    clauses, params = _where(wanted, after)
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM database_orders WHERE {' AND '.join(clauses)}"
        " ORDER BY created_ms DESC, id DESC LIMIT :fetch",
        fetch=limit + 1,  # one more tells whether there is another page
        **params,
    )
    page = rows[:limit]
    more = len(rows) > limit
    return page, Position(page[-1]["created_ms"], page[-1]["id"]) if more else None, tx.now_ms()


def _where(wanted: Filter, after: Position | None) -> tuple[list[str], dict[str, object]]:
    clauses = ["status <> 'ABANDONED'"]
    params: dict[str, object] = {}
    for column, value in (
        ("user_id", wanted.user_id),
        ("status", wanted.status.value if wanted.status else None),
        ("caller", wanted.caller),
    ):
        if value is not None:
            clauses.append(f"{column} = :{column}")
            params[column] = value
    if wanted.attention:
        clauses.append("attention IS NOT NULL")
    if after is not None:
        clauses.append("(created_ms, id) < (:after_ms, :after_id)")
        params |= {"after_ms": after.created_ms, "after_id": after.id}
    return clauses, params


def stats(tx: Tx) -> dict[str, int | float | None]:
    """Return how many orders are unfinished and flagged, with the age of the oldest in seconds."""
    now = tx.now_ms()
    unfinished = tx.execute(
        "SELECT COUNT(*) AS n, MIN(created_ms) AS oldest FROM database_orders"
        " WHERE lease_until IS NOT NULL"
    )[0]
    flagged = tx.execute(
        "SELECT COUNT(*) AS n, MIN(attention_since) AS oldest FROM database_orders"
        " WHERE attention IS NOT NULL"
    )[0]
    return {
        "unfinished": unfinished["n"],
        "flagged": flagged["n"],
        "oldestUnfinishedAgeS": _age_s(unfinished["oldest"], now),
        "oldestFlaggedAgeS": _age_s(flagged["oldest"], now),
    }


def _age_s(since_ms: int | None, now_ms: int) -> float | None:
    return None if since_ms is None else (now_ms - since_ms) / 1000
