"""What inventory, payment and shipping have in common: names, keys, answers, tombstones.

From PROTOCOL section 3 and nothing else. They are never killed, so they keep everything in memory;
one event loop runs them, so nothing needs a lock. Every request passes the weather first.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.storm.contract import (
    CREATES,
    UNDOS,
    Call,
    Journal,
    wrongs_of_body,
    wrongs_of_key,
)
from tests.storm.weather import Weather
from tests.storm.wire import Reply, Request, Silence

Body = dict[str, Any]


@dataclass
class Row:
    """A reservation, payment or shipment; `body` is None for a tombstone of the never heard of."""

    id: str
    status: str
    body: Body | None = None


@dataclass(frozen=True)
class Asked:
    """A request, understood."""

    operation: str
    target: str
    key: str
    body: Any


def problem(status: int, code: str, **extra: object) -> Reply:
    """A refusal as problem+json."""
    title = code.replace("_", " ")
    return Reply.of(
        status,
        {"type": "about:blank", "title": title, "status": status, "code": code, **extra},
    )


class Peer(ABC):
    """One upstream; what it keeps is in `rows`, by id."""

    service: str
    routes: tuple[tuple[str, str], ...]
    undone: frozenset[str]

    def __init__(self, journal: Journal, weather: Weather) -> None:
        self.weather = weather
        self.rows: dict[str, Row] = {}
        self._journal = journal
        self._answers: dict[str, tuple[Any, Reply]] = {}
        self._undone: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def handle(self, request: Request) -> Reply | Silence:
        """Answer a request, as the weather will have it."""
        asked = self._understand(request)
        if asked is None:
            self._journal.complain(f"{self.service}: no such call: {request.method} {request.path}")
            return problem(404, "not_found")
        fault = self.weather.draw(
            create=asked.target if asked.operation in CREATES else None,
            undo=asked.target if asked.operation in UNDOS else None,
        )
        call = self._journal.arrived(self.service, asked.operation, asked.key, fault)

        async def act(_: Request) -> Reply:
            return self._answer(asked, call)

        return await self.weather.befall(fault, request, act, self._undone[asked.target])

    def _understand(self, request: Request) -> Asked | None:
        for form, operation in self.routes:
            match = re.fullmatch(form, request.path)
            if match and request.method == "POST":
                body = request.json()
                key = request.headers.get("x-idempotency-key", "")
                target = match[1] if match.groups() else str((body or {}).get("id"))
                return Asked(operation, target, key, body)
        return None

    def _answer(self, asked: Asked, call: Call) -> Reply:
        reply = self._checked(asked)
        self._journal.took_effect(call, reply.status)
        return reply

    def _checked(self, asked: Asked) -> Reply:
        wrong = wrongs_of_key(self.service, asked.operation, asked.target, asked.key)
        order_id = asked.key.rpartition(":")[0]
        wrong = wrong or wrongs_of_body(asked.operation, order_id, asked.body)
        if wrong:
            self._journal.complain(wrong)
            return problem(400, "malformed", detail=wrong)
        known = self._answers.get(asked.key)
        if known is not None and known[0] != asked.body:
            self._journal.complain(f"{asked.key} came with another body: {asked.body!r}")
            return problem(422, "idempotency_key_reused")
        row = self.rows.get(asked.target)
        if asked.operation in CREATES and row is not None and row.status in self.undone:
            self._journal.tombstones_hit += 1
            return problem(410, "cancelled")
        if known is not None:
            self._journal.repeats += 1
            return known[1]
        return self._first(asked, row)

    def _first(self, asked: Asked, row: Row | None) -> Reply:
        if asked.operation in CREATES:
            reply = self.create(asked)
        elif asked.operation in UNDOS:
            reply = self._undo(asked, row)
        elif row is None or row.body is None:
            return problem(404, "unknown")
        else:
            reply = self.advance(row)
        self._answers[asked.key] = (asked.body, reply)
        return reply

    def _undo(self, asked: Asked, row: Row | None) -> Reply:
        if row is None:
            row = Row(asked.target, "")
            self.rows[row.id] = row
        self.undo(row)
        self._undone[row.id].set()
        return Reply.of(200, {"id": row.id, "status": row.status})

    def keep(self, asked: Asked, status: str, **more: object) -> Reply:
        """A create that is granted."""
        self.rows[asked.target] = Row(asked.target, status, asked.body)
        return Reply.of(201, {**asked.body, "status": status, **more})

    @abstractmethod
    def create(self, asked: Asked) -> Reply:
        """Grant or refuse a create, seen for the first time."""

    @abstractmethod
    def advance(self, row: Row) -> Reply:
        """Commit or capture, seen for the first time."""

    @abstractmethod
    def undo(self, row: Row) -> None:
        """Take back whatever there is."""
