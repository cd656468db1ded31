"""Orders whose replicas have died, in every state in which a crash can leave them.

Made as replicas make them, over the services' own APIs: the order is kept under a lease that is
over, and what its steps had done by then stands in the upstreams' books.
"""

import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.storage.line import Line, Reply, request

AT_ONCE: Final = 32
"""Orders made at a time: enough to keep the services busy."""

_STATES: Final = 7
"""After none to all five of the steps, and on the way back."""
_GOING_BACK: Final = 6
_STEPS_BEFORE_GOING_BACK: Final = 3

_FRESH: Final[Mapping[str, Any]] = {
    "pivotPassed": False,
    "compensated": False,
    "failure": None,
    "kept": {},
    "timeline": [],
}
_REFUSED: Final[Mapping[str, Any]] = {
    **_FRESH,
    "compensated": True,
    "failure": {
        "status": 502,
        "code": "upstream_error",
        "detail": "shipping answered with an error to the end of the retries",
        "upstream": None,
        "extra": {},
        "retryAfterS": None,
    },
}


@dataclass(frozen=True)
class Places:
    """Host and port of each upstream."""

    of: Mapping[str, tuple[str, int]]


class NotMadeError(Exception):
    """An upstream refused what a replica would have asked of it."""


async def make(orphans: int, template: Mapping[str, Any], places: Places) -> None:
    """Leave so many orders behind, all like `template`, a record of the database service.

    Raises:
        NotMadeError: An upstream refused.
    """
    numbers = iter(range(orphans))
    await asyncio.gather(*(_make_some(numbers, template, places) for _ in range(AT_ONCE)))


async def _make_some(numbers: Iterator[int], template: Mapping[str, Any], places: Places) -> None:
    lines = {name: await Line.to(*place) for name, place in places.of.items()}
    try:
        for number in numbers:
            await _Orphan(str(uuid.uuid4()), number % _STATES, template, lines).make()
    finally:
        for line in lines.values():
            line.close()


@dataclass(frozen=True)
class _Orphan:
    """One order and how far it came."""

    id: str
    state: int
    template: Mapping[str, Any]
    lines: Mapping[str, Line]

    async def make(self) -> None:
        """Have it kept, and its steps done as far as it came."""
        going_back = self.state == _GOING_BACK
        await self._ask("database", "POST", "/orders", self._created(leased=going_back))
        steps = _STEPS_BEFORE_GOING_BACK if going_back else self.state
        for service, path, operation, body in self._steps()[:steps]:
            await self._ask(service, "POST", path, body, f"{self.id}:{operation}")
        if going_back:
            await self._ask("database", "PATCH", f"/orders/{self.id}", self._decision())

    async def _ask(
        self, service: str, method: str, path: str, body: Mapping[str, Any], key: str = ""
    ) -> Reply:
        asked = request(method, path, json.dumps(body).encode(), key=key)
        reply = await self.lines[service].ask(asked)
        if reply.status not in {200, 201}:
            text = reply.body[:200].decode(errors="replace")
            raise NotMadeError(f"{service} answered {reply.status} to {method} {path}: {text}")
        return reply

    def _created(self, *, leased: bool) -> dict[str, Any]:
        return {
            "id": self.id,
            "owner": "crashed",
            "leaseS": 60 if leased else 0,
            "caller": self.template["caller"],
            "key": None,
            "fingerprint": self.template["fingerprint"],
            "keyTtlS": 0,
            "userId": self.template["userId"],
            "order": self.template["order"],
            "progress": _FRESH,
        }

    def _decision(self) -> dict[str, Any]:
        return {
            "owner": "crashed",
            "version": 1,
            "writeId": "compensate",
            "status": "COMPENSATING",
            "progress": _REFUSED,
            "attention": None,
            "releaseForS": 0,
        }

    def _steps(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        order = self.template["order"]
        items = [{"sku": item["sku"], "qty": item["qty"]} for item in order["items"]]
        reservation, payment, shipment = (
            str(uuid.uuid5(uuid.UUID(self.id), word))
            for word in ("reservation", "payment", "shipment")
        )
        money = {
            "userId": order["userId"],
            "amount": order["total"],
            "currency": order["currency"],
        }
        return [
            (
                "inventory",
                "/reserve",
                "reserve",
                {"id": reservation, "orderId": self.id, "items": items},
            ),
            ("payment", "/payments", "authorize", {"id": payment, "orderId": self.id, **money}),
            (
                "shipping",
                "/shipments",
                "ship",
                {"id": shipment, "orderId": self.id, "address": order["address"], "items": items},
            ),
            ("payment", f"/payments/{payment}/capture", "capture", {}),
            ("inventory", f"/reservations/{reservation}/commit", "commit", {}),
        ]
