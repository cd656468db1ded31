"""An order's row and the JSON in which callers see it."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from services.problem import ProblemError
from services.storage import Row
from services.timestamps import rfc3339

COLUMNS = (
    "id, caller, fingerprint, user_id, status, version, write_id, owner, lease_until, rounds,"
    " attention, attention_since, created_ms, updated_ms, order_json, progress_json"
)

HEAD_COLUMNS = (
    "id, caller, fingerprint, user_id, status, version, owner, rounds,"
    " attention, attention_since, created_ms, updated_ms"
)
"""What `render_head` shows."""


def render(row: Row, now_ms: int) -> bytes:
    """Return the Record as JSON; order and progress go out as they were kept, never parsed."""
    head = render_head(row, now_ms)
    order, progress = row["order_json"].encode(), row["progress_json"].encode()
    return b'%b,"order":%b,"progress":%b}' % (head[:-1], order, progress)


def render_head(row: Row, now_ms: int) -> bytes:
    """Return the Record without order and progress."""
    return to_json(
        {
            "id": row["id"],
            "caller": row["caller"],
            "fingerprint": row["fingerprint"],
            "userId": row["user_id"],
            "status": row["status"],
            "version": row["version"],
            "owner": row["owner"],
            "rounds": row["rounds"],
            "attention": _attention(row),
            "createdAt": rfc3339(row["created_ms"]),
            "updatedAt": rfc3339(row["updated_ms"]),
            # What another transaction committed while this one ran is younger than its clock.
            "ageS": max(0, now_ms - row["created_ms"]) / 1000,
        }
    )


def render_many(rows: Sequence[Row], now_ms: int) -> bytes:
    """Return a JSON array of Records."""
    return b"[" + b",".join(render(row, now_ms) for row in rows) + b"]"


def as_object(row: Row, now_ms: int) -> dict[str, Any]:
    """Return the Record as an object, for the rare answer that has it as a member."""
    record: dict[str, Any] = json.loads(render(row, now_ms))
    return record


def stored_text(value: dict[str, Any], pointer: str) -> str:
    """Return the text in which an opaque object is kept; raises ProblemError (422) for 1e999."""
    text = to_json(value, inf_nan_mode="constants")
    if b"Infinity" in text and not _is_finite(value):  # the word alone may be part of a text
        listed = [{"in": "body", "pointer": pointer, "detail": "a number is out of range"}]
        detail = "A number is too large for JSON's readers."
        raise ProblemError(422, "validation_failed", detail, errors=listed)
    return text.decode()


def _is_finite(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _attention(row: Row) -> dict[str, str] | None:
    if row["attention"] is None:
        return None
    return {"reason": row["attention"], "since": rfc3339(row["attention_since"])}
