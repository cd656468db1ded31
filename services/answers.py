"""Contract rule 2: repeating a request repeats its answer and has no second effect."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.problem import ProblemError, problem_body
from services.storage import Tx


@dataclass(frozen=True)
class Answer:
    """What a command answers; `keep` False marks a refusal that depends on the present state."""

    status: int
    body: dict[str, Any]
    keep: bool = True


class KeyReused(ProblemError):  # noqa: N818 - named as the wire names it
    """The key came before with another request."""

    def __init__(self, key: str) -> None:
        """`key` is what the caller sent, so it may be said back to it."""
        super().__init__(
            422,
            "idempotency_key_reused",
            f"The key {key!r} was used for another request: a new request needs a new key.",
        )


def refuse(status: int, code: str, detail: str, *, keep: bool = True, **extra: object) -> Answer:
    """Return a refusal as an answer (kept and repeated, unless `keep` is False)."""
    return Answer(status, problem_body(status, code, detail, **extra), keep)


def answers_ddl(service: str) -> str:
    """Return the migration script that makes the table of a service's answers."""
    return f"""
    CREATE TABLE {service}_answers (
        key TEXT PRIMARY KEY,
        request TEXT NOT NULL,
        status BIGINT,
        body TEXT,
        answered_ms BIGINT NOT NULL
    );
    """


def once(tx: Tx, *, service: str, key: str, request: object, act: Callable[[], Answer]) -> Answer:
    """Run `act` for the first request under `key`; give a repeat the stored answer.

    `request` is any JSON value that tells this request from others: put the operation and the id in
    it. The claim is one insert in the caller's transaction, so of two at once the second waits for
    the first and then repeats it. Raises KeyReused when the key came with another request before;
    whatever `act` raises undoes the claim with the rest of the transaction.
    """
    digest = fingerprint(request)
    if not _claim(tx, service, key, digest):
        return _stored(tx, service, key, digest)
    answer = act()
    if answer.keep:
        _store(tx, service, key, answer)
    else:
        tx.execute(f"DELETE FROM {service}_answers WHERE key = :key", key=key)
    return answer


def fingerprint(request: object) -> str:
    """Return a digest that is equal for equal JSON values, whatever the order of their members."""
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _claim(tx: Tx, service: str, key: str, digest: str) -> bool:
    return bool(
        tx.execute(
            f"INSERT INTO {service}_answers (key, request, answered_ms)"
            " VALUES (:key, :request, :now) ON CONFLICT (key) DO NOTHING RETURNING key",
            key=key,
            request=digest,
            now=tx.now_ms(),
        )
    )


def _stored(tx: Tx, service: str, key: str, digest: str) -> Answer:
    row = tx.execute(
        f"SELECT request, status, body FROM {service}_answers WHERE key = :key", key=key
    )[0]
    if row["request"] != digest:
        raise KeyReused(key)
    return Answer(row["status"], json.loads(row["body"]))


def _store(tx: Tx, service: str, key: str, answer: Answer) -> None:
    tx.execute(
        f"UPDATE {service}_answers SET status = :status, body = :body WHERE key = :key",
        key=key,
        status=answer.status,
        body=json.dumps(answer.body, separators=(",", ":")),
    )
