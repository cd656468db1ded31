"""Inventory, payment and shipping by the contract's rules, in memory, with tombstones."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.unit.faults import FaultPlan

_CREATED = {"reserve": "reserved", "authorize": "authorized", "ship": "created"}
_ADVANCED = {"commit": ("reserved", "committed"), "capture": ("authorized", "captured")}
_UNDONE = {"release": "released", "refund": "refunded", "cancel": "cancelled"}
_GONE = frozenset({"released", "refunded", "voided", "cancelled"})


@dataclass(frozen=True)
class Sent:
    """One request as it arrived; `at_s` is on the loop's clock."""

    service: str
    operation: str
    path: str
    key: str
    body: Mapping[str, Any]
    headers: httpx.Headers
    at_s: float


@dataclass
class FakeUpstreams:
    """The three services: what they were sent, in order, and the state of every resource by id."""

    sent: list[Sent] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    plan: FaultPlan = field(default_factory=FaultPlan)

    def transports(self) -> dict[str, httpx.AsyncBaseTransport]:
        """Give the network that leads to each of them."""
        return {name: self._transport(name) for name in ("inventory", "payment", "shipping")}

    @property
    def operations(self) -> list[str]:
        """The operations asked for, in order, repeats included."""
        return [request.operation for request in self.sent]

    def _transport(self, service: str) -> httpx.MockTransport:
        async def handle(request: httpx.Request) -> httpx.Response:
            key = request.headers["X-Idempotency-Key"]
            operation = key.rpartition(":")[2]
            body = json.loads(request.content)
            now_s = asyncio.get_running_loop().time()
            path = request.url.path
            sent = Sent(service, operation, path, key, body, request.headers, now_s)
            self.sent.append(sent)
            return await self.plan.take(operation)(lambda: self._carry_out(sent))

        return httpx.MockTransport(handle)

    def _carry_out(self, sent: Sent) -> httpx.Response:
        if sent.operation in _CREATED:
            return self._create(sent)
        resource_id = sent.path.split("/")[2]
        if sent.operation in _UNDONE:
            return self._undo(sent.operation, resource_id)
        return self._advance(sent.operation, resource_id)

    def _create(self, sent: Sent) -> httpx.Response:
        state = self.states.setdefault(sent.body["id"], _CREATED[sent.operation])
        if state in _GONE:
            return httpx.Response(410, json={"status": 410, "code": "cancelled"})
        extra = {"trackingNumber": "TRACK-1"} if sent.operation == "ship" else {}
        return httpx.Response(201, json={**sent.body, "status": state, **extra})

    def _advance(self, operation: str, resource_id: str) -> httpx.Response:
        before, after = _ADVANCED[operation]
        if self.states.get(resource_id) not in {before, after}:
            return httpx.Response(409, json={"status": 409, "code": "not_possible"})
        self.states[resource_id] = after
        return httpx.Response(200, json={"id": resource_id, "status": after})

    def _undo(self, operation: str, resource_id: str) -> httpx.Response:
        state = _UNDONE[operation]
        if operation == "refund" and self.states.get(resource_id) not in {"captured", "refunded"}:
            state = "voided"
        self.states[resource_id] = state
        return httpx.Response(200, json={"id": resource_id, "status": state})
