"""A small database service that keeps the project's API, in memory, for the kit to be tried on.

It is cut into small methods, so that a defect is one of them overridden (database_defects.py).
"""

import asyncio
import contextlib
import copy
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.conformance.small_stock import Body, Refused, Said

FINAL = ("CONFIRMED", "FAILED", "CANCELLED")


@dataclass
class Row:
    """An order. `lease_until` is None when nobody may ever claim it."""

    record: Body
    lease_until: float | None
    write_id: str = ""


@dataclass
class State:
    """All there is. `keys`: (caller, key) → order id and when the key's time is over."""

    rows: dict[str, Row] = field(default_factory=dict)
    keys: dict[tuple[str, str | None], tuple[str, float]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)


class SmallDatabase:
    """The service."""

    def __init__(self) -> None:
        self.state = State()
        self.lock: contextlib.AbstractAsyncContextManager[object] = asyncio.Lock()
        self.numbers = itertools.count()

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; one after the other."""
        async with self.lock:
            try:
                said = await self.route(request)
            except Refused as refusal:
                said = refusal.said
        return self.on_the_wire(said)

    async def restart(self) -> None:
        """Nothing is forgotten."""

    def on_the_wire(self, said: Said) -> httpx.Response:
        """Return it as JSON."""
        kind = "application/problem+json" if said.status >= 400 else "application/json"
        return httpx.Response(said.status, json=said.body, headers={"Content-Type": kind})

    async def pause(self) -> None:
        """Let others in, if they are let (the lock)."""
        await asyncio.sleep(0)

    async def route(self, request: httpx.Request) -> Said:
        """Find out what is asked."""
        path, query = request.url.path, dict(request.url.params)
        body: Body = json.loads(request.content or "{}")
        if request.method == "GET":
            return self.read(path, query)
        if path == "/orders":
            return await self.create(body)
        if path == "/orders/claim":
            return Said(200, {"items": [copy.deepcopy(r) for r in await self.claim(body)]})
        name = path.split("/")[2]
        if request.method == "PATCH":
            return await self.update(name, body)
        return await self.abandon(name, body)

    def read(self, path: str, query: dict[str, str]) -> Said:
        """GET."""
        if path == "/keys":
            bound = self.bound((query["caller"], query["key"]))
            if bound is None:
                raise Refused(404, "unknown_key")
            return Said(200, bound.record)
        if path == "/orders":
            return self.page(query)
        return Said(200, self.row(path.split("/")[2]).record)

    def row(self, name: str) -> Row:
        """Return an order that exists."""
        if name not in self.state.rows:
            raise Refused(404, "unknown_order")
        return self.state.rows[name]

    def page(self, query: dict[str, str]) -> Said:
        """Return a page of a list."""
        begin = query.get("cursor", "0")
        if not begin.isdigit():
            raise Refused(400, "invalid_cursor")
        wanted = {name: query[name] for name in ("userId", "status") if name in query}
        found = [
            row.record
            for row in self.sorted_rows()
            if all(row.record[name] == value for name, value in wanted.items())
        ]
        end = int(begin) + int(query.get("limit", 50))
        return Said(
            200,
            {
                "items": found[int(begin) : end],
                "nextCursor": str(end) if end < len(found) else None,
            },
        )

    def sorted_rows(self) -> list[Row]:
        """Newest first."""
        return list(self.state.rows.values())[::-1]

    def expect_sense(self, body: Body) -> None:
        """Refuse what cannot be meant."""
        if body["leaseS"] < 0:
            raise Refused(422, "validation_failed")

    async def create(self, body: Body) -> Said:
        """Keep an order and bind its key."""
        self.expect_sense(body)
        name = body["id"]
        if name in self.state.dead:
            raise Refused(410, "abandoned")
        if name in self.state.rows:
            return self.repeated(self.state.rows[name])
        bound = self.bound(self.key_of(body))
        await self.pause()
        if bound is not None:
            return Said(200, bound.record)
        row = Row(self.first_record(body), time.monotonic() + body["leaseS"])
        self.state.rows[name] = row
        self.state.keys[self.key_of(body)] = (name, time.monotonic() + body["keyTtlS"])
        return Said(201, row.record)

    def key_of(self, body: Body) -> tuple[str, str | None]:
        """Return what the order is bound to."""
        return (body["caller"], body["key"])

    def repeated(self, row: Row) -> Said:
        """Answer a create that came before."""
        return Said(201, row.record)

    def bound(self, key: tuple[str, str | None]) -> Row | None:
        """Return the order that a key stands for: a key outlives its order's way."""
        if key[1] is None or key not in self.state.keys:
            return None
        name, until = self.state.keys[key]
        row = self.state.rows.get(name)
        over = row is None or (until <= time.monotonic() and row.record["status"] in FINAL)
        return None if over else row

    def first_record(self, body: Body) -> Body:
        """Return the record of a new order."""
        same = ("id", "caller", "fingerprint", "userId", "owner", "order", "progress")
        moment = self.moment()
        return {name: body[name] for name in same} | {
            "status": "PENDING",
            "version": 1,
            "rounds": 0,
            "createdAt": moment,
            "updatedAt": moment,
        }

    def moment(self) -> str:
        """Return a time that is later than each before."""
        return f"2030-01-31T12:00:00.{next(self.numbers):06}Z"

    async def update(self, name: str, body: Body) -> Said:
        """Compare and set."""
        row = self.row(name)
        if self.is_repeat(row, body):
            return Said(200, row.record)
        self.expect_ours(row, body)
        self.expect_allowed(row.record["status"], body["status"], row)
        await self.pause()
        row.record = row.record | {
            "version": row.record["version"] + 1,
            "status": body["status"],
            "progress": body["progress"],
            "updatedAt": self.moment(),
        }
        row.write_id = body["writeId"]
        self.lease(row, body)
        return Said(200, row.record)

    def is_repeat(self, row: Row, body: Body) -> bool:
        """Whether this write was kept already."""
        return bool(
            row.write_id == body["writeId"] and row.record["version"] == body["version"] + 1
        )

    def expect_ours(self, row: Row, body: Body) -> None:
        """Refuse a write on what has changed since, or is another's."""
        if (row.record["version"], row.record["owner"]) != (body["version"], body["owner"]) and (
            row.record["status"] not in FINAL
        ):
            raise Refused(409, "version_conflict", record=row.record)

    def expect_allowed(self, now: str, then: str, row: Row) -> None:
        """Refuse what does not follow."""
        if now in FINAL or (now == "COMPENSATING" and then in ("PENDING", "CONFIRMED")):
            raise Refused(409, "illegal_transition", record=row.record)

    def lease(self, row: Row, body: Body) -> None:
        """Keep the order, give it up, or be done with it."""
        if body["status"] in FINAL:
            row.record["owner"], row.lease_until = None, None
        elif "releaseForS" in body:
            row.record["owner"] = None
            row.lease_until = time.monotonic() + body["releaseForS"]
        else:
            row.lease_until = time.monotonic() + body["leaseS"]

    async def claim(self, body: Body) -> list[Body]:
        """Give what the owner has, else what is due."""
        if held := self.held(body["owner"]):
            return held
        due = [row for row in self.state.rows.values() if self.is_due(row)][: body["limit"]]
        await self.pause()
        for row in due:
            self.give(row, body)
        return [row.record for row in due]

    def held(self, owner: str) -> list[Body]:
        """Return what an owner has."""
        rows = self.state.rows.values()
        return [row.record for row in rows if row.record["owner"] == owner]

    def is_due(self, row: Row) -> bool:
        """Whether its lease has run out."""
        return row.lease_until is not None and row.lease_until <= time.monotonic()

    def give(self, row: Row, body: Body) -> None:
        """Let another have it."""
        raised: Any = {name: row.record[name] + 1 for name in ("version", "rounds")}
        row.record = row.record | raised | {"owner": body["owner"]}
        row.lease_until = time.monotonic() + body["leaseS"]

    async def abandon(self, name: str, body: Body) -> Said:
        """Take a create back."""
        row = self.state.rows.get(name)
        if row is not None:
            self.expect_untouched(row, body)
        await self.pause()
        self.bury(name)
        self.state.rows.pop(name, None)
        self.free_keys(name)
        return Said(200, {"abandoned": True})

    def expect_untouched(self, row: Row, body: Body) -> None:
        """Refuse to take back what somebody works on."""
        if (row.record["version"], row.record["owner"]) != (1, body["owner"]):
            raise Refused(409, "taken_over")

    def bury(self, name: str) -> None:
        """Leave the mark."""
        self.state.dead.add(name)

    def free_keys(self, name: str) -> None:
        """Unbind its key."""
        kept = {key: bound for key, bound in self.state.keys.items() if bound[0] != name}
        self.state.keys = kept
