"""The database service in memory: keys, versions, leases and claims on the loop's own clock."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.unit.faults import FaultPlan

_FINAL = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})
_ROUTES = (
    ("create", "POST", re.compile("/orders")),
    ("claim", "POST", re.compile("/orders/claim")),
    ("abandon", "POST", re.compile("/orders/[^/]+/abandon")),
    ("update", "PATCH", re.compile("/orders/[^/]+")),
    ("get", "GET", re.compile("/orders/[^/]+")),
    ("get_by_key", "GET", re.compile("/keys")),
    ("stats", "GET", re.compile("/stats")),
)
_AT = "2026-01-02T03:04:05.678Z"


def _now_s() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Row:
    """An order as it is kept; `lease_until_s` is on the loop's clock."""

    record: dict[str, Any]
    lease_until_s: float
    created_s: float
    write_id: str | None = None

    @property
    def final(self) -> bool:
        """Whether it never changes again."""
        return self.record["status"] in _FINAL

    def shown(self) -> dict[str, Any]:
        """Give the wire form."""
        return {**self.record, "ageS": _now_s() - self.created_s}


@dataclass(frozen=True)
class Write:
    """One durable write: which operation, and the status that it left."""

    operation: str
    status: str


@dataclass
class FakeDatabase:
    """The service: its rows, its keys, and the requests and durable writes in their order."""

    rows: dict[str, Row] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    abandoned: set[str] = field(default_factory=set)
    requests: list[httpx.Request] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    plan: FaultPlan = field(default_factory=FaultPlan)

    def transport(self) -> httpx.AsyncBaseTransport:
        """Give the network that leads to it."""
        return httpx.MockTransport(self._handle)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        operation = _operation(request)
        self.requests.append(request)
        self.operations.append(operation)
        return await self.plan.take(operation)(lambda: self._carry_out(operation, request))

    def _carry_out(self, operation: str, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        order_id = request.url.path.removeprefix("/orders").strip("/").removesuffix("/abandon")
        asked = request.url.params
        answer: dict[str, Callable[[], httpx.Response]] = {
            "create": lambda: self._create(body),
            "update": lambda: self._update(order_id, body),
            "claim": lambda: self._claim(body),
            "abandon": lambda: self._abandon(order_id, body),
            "get": lambda: self._show(order_id),
            "get_by_key": lambda: self._show(self.keys.get((asked["caller"], asked["key"]))),
            "stats": self._stats,
        }
        return answer[operation]()

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        order_id, key = body["id"], (body["caller"], body["key"])
        if order_id in self.abandoned:
            return _problem(410, "abandoned")
        if order_id in self.rows:
            return httpx.Response(201, json=self.rows[order_id].shown())
        if body["key"] is not None and key in self.keys:
            return httpx.Response(200, json=self.rows[self.keys[key]].shown())
        if body["key"] is not None:
            self.keys[key] = order_id
        row = self.add(
            **{name: body[name] for name in ("id", "owner", "caller", "fingerprint", "userId")},
            order=body["order"],
            progress=body["progress"],
            lease_s=body["leaseS"],
        )
        self.writes.append(Write("create", row.record["status"]))
        return httpx.Response(201, json=row.shown())

    def add(self, *, lease_s: float, age_s: float = 0.0, **record: object) -> Row:
        """Keep an order as it is given; members left out are those of a new one."""
        kept: dict[str, Any] = {
            "caller": "",
            "fingerprint": "",
            "userId": None,
            "status": "PENDING",
            "version": 1,
            "owner": None,
            "rounds": 0,
            "attention": None,
            "createdAt": _AT,
            "updatedAt": _AT,
            "progress": {},
            **record,
        }
        row = Row(kept, _now_s() + lease_s, _now_s() - age_s)
        self.rows[kept["id"]] = row
        return row

    def _update(self, order_id: str, body: dict[str, Any]) -> httpx.Response:
        row = self.rows.get(order_id)
        if row is None:
            return _problem(404, "unknown_order")
        record = row.record
        if (record["version"], row.write_id) == (body["version"] + 1, body["writeId"]):
            return httpx.Response(200, json=row.shown())
        if (record["version"], record["owner"]) != (body["version"], body["owner"]):
            return _problem(409, "version_conflict", record=row.shown())
        back = record["status"] == "COMPENSATING" and body["status"] in {"PENDING", "CONFIRMED"}
        if row.final or back:
            return _problem(409, "illegal_transition", record=row.shown())
        self._write(row, body)
        return httpx.Response(200, json=row.shown())

    def _write(self, row: Row, body: dict[str, Any]) -> None:
        keeps = "leaseS" in body
        final = body["status"] in _FINAL
        reason = None if final else body["attention"]
        row.record |= {
            "version": row.record["version"] + 1,
            "status": body["status"],
            "progress": body["progress"],
            "owner": body["owner"] if keeps and not final else None,
            "attention": reason and {"reason": reason, "since": _AT},
        }
        row.lease_until_s = _now_s() + body["leaseS" if keeps else "releaseForS"]
        row.write_id = body["writeId"]
        self.writes.append(Write("update", body["status"]))

    def _claim(self, body: dict[str, Any]) -> httpx.Response:
        mine = [row for row in self.rows.values() if row.record["owner"] == body["owner"]]
        held = [row.shown() for row in mine if row.lease_until_s > _now_s()]
        if held:  # a repeat: the answer was lost
            return httpx.Response(200, json={"items": held})
        due = [row for row in self.rows.values() if not row.final and row.lease_until_s <= _now_s()]
        due.sort(key=lambda row: row.lease_until_s)
        for row in due[: body["limit"]]:
            record = row.record
            record["owner"] = body["owner"]
            record["version"] += 1
            record["rounds"] += 1
            row.lease_until_s, row.write_id = _now_s() + body["leaseS"], None
        items = [row.shown() for row in due[: body["limit"]]]
        return httpx.Response(200, json={"items": items})

    def _abandon(self, order_id: str, body: dict[str, Any]) -> httpx.Response:
        row = self.rows.get(order_id)
        if row is not None:
            if (row.record["version"], row.record["owner"]) != (1, body["owner"]):
                return _problem(409, "taken_over")
            del self.rows[order_id]
            self.keys = {key: bound for key, bound in self.keys.items() if bound != order_id}
        self.abandoned.add(order_id)
        return httpx.Response(200, json={"abandoned": True})

    def _show(self, order_id: str | None) -> httpx.Response:
        row = self.rows.get(order_id or "")
        return httpx.Response(200, json=row.shown()) if row else _problem(404, "unknown_order")

    def _stats(self) -> httpx.Response:
        unfinished = [row for row in self.rows.values() if not row.final]
        flagged = [row for row in unfinished if row.record["attention"]]
        return httpx.Response(
            200,
            json={
                "unfinished": len(unfinished),
                "flagged": len(flagged),
                "oldestUnfinishedAgeS": max(
                    (row.shown()["ageS"] for row in unfinished), default=None
                ),
                "oldestFlaggedAgeS": max((row.shown()["ageS"] for row in flagged), default=None),
            },
        )


def _operation(request: httpx.Request) -> str:
    return next(
        operation
        for operation, method, path in _ROUTES
        if request.method == method and path.fullmatch(request.url.path)
    )


def _problem(status: int, code: str, **extra: object) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, **extra})
