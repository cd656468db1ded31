"""What a check of the database service works with: its API (docs/upstreams.md), call by call."""

import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from conformance.answer import Answer
from conformance.violation import Violation
from conformance.wire import Wire, at_once

HELD_S: Final = 60.0
"""A lease that does not run out while the kit is at work."""
KEY_TTL_S: Final = 3600.0
FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})
MOST: Final = 100
"""Orders of one claim: the most that may be asked for."""
CLAIMS: Final = 50
"""Claims in a row before the kit gives up: there is always more, so somebody else is at work."""


@dataclass
class Order:
    """An order under an id that we chose, and the body that creates it."""

    body: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.body["id"])

    @property
    def owner(self) -> str:
        """Who created it."""
        return str(self.body["owner"])

    @property
    def path(self) -> str:
        """Where it is read and updated."""
        return f"/orders/{self.id}"


@dataclass
class DatabaseProbe:
    """One check's way to the service; orders that it left unfinished are FAILED at its end."""

    wire: Wire
    made: list[Order] = field(default_factory=list)

    def new(self, **changes: object) -> Order:
        """Return an order that nobody has heard of, of a caller with a key of its own."""
        mark = uuid.uuid4().hex
        body: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "owner": f"conformance-{mark[:8]}",
            "leaseS": HELD_S,
            "caller": f"conformance-caller-{mark}",
            "key": f"key-{mark}",
            "fingerprint": mark,
            "keyTtlS": KEY_TTL_S,
            "userId": f"conformance-user-{mark}",
            "order": {"total": "999.00"},
            "progress": {"steps": []},
        }
        self.made.append(order := Order(body | changes))
        return order

    async def create(self, order: Order) -> Answer:
        """POST /orders."""
        return await self.wire.send("POST", "/orders", body=order.body)

    async def created(self, **changes: object) -> Order:
        """Create a new order, which must work."""
        order = self.new(**changes)
        (await self.create(order)).expect(201, id=order.id, version=1)
        return order

    async def read(self, order: Order) -> Answer:
        """GET /orders/{id}."""
        return await self.wire.get(order.path)

    async def update(self, order: Order, *, version: int = 1, **changes: object) -> Answer:
        """PATCH /orders/{id}: by its creator, PENDING, and keeping the lease, unless told."""
        body: dict[str, Any] = {
            "owner": order.owner,
            "version": version,
            "writeId": uuid.uuid4().hex,
            "status": "PENDING",
            "progress": {"steps": ["reserve"]},
            "attention": None,
        }
        if "releaseForS" not in changes and changes.get("status") not in FINAL:
            body["leaseS"] = HELD_S
        return await self.wire.send("PATCH", order.path, body=body | changes)

    async def claim(self, owner: str = "", *, limit: int = MOST, lease_s: float = HELD_S) -> Answer:
        """POST /orders/claim, by a worker that nobody has heard of unless one is named."""
        body = {"owner": owner or f"worker-{uuid.uuid4().hex}", "leaseS": lease_s, "limit": limit}
        return (await self.wire.send("POST", "/orders/claim", body=body)).expect(200)

    async def claim_of(self, order: Order) -> tuple[Answer, dict[str, Any]] | None:
        """Claim until this order is given or nothing is left; None when it was not given."""
        answer = await self.claim()
        for _ in range(CLAIMS):
            items = items_in(answer)
            for record in items:
                if record["id"] == order.id:
                    return answer, record
            if not items:
                return None
            answer = await self.claim()
        raise answer.violates(f"an end of the orders that are due, after {CLAIMS} claims")

    async def abandon(self, order: Order, owner: str = "") -> Answer:
        """POST /orders/{id}/abandon."""
        body = {"owner": owner or order.owner}
        return await self.wire.send("POST", f"{order.path}/abandon", body=body)

    async def clean(self) -> None:
        """Make what is unfinished FAILED, so that no worker ever takes it up."""
        orders, self.made = self.made, []
        try:
            await at_once(self._fail(order) for order in orders)
        except Violation:
            return

    async def _fail(self, order: Order) -> None:
        found = await self.read(order)
        record = found.body
        if found.status != HTTPStatus.OK or record.get("status") in FINAL:
            return
        owner, version = record.get("owner") or order.owner, record.get("version", 1)
        await self.update(order, version=version, owner=owner, status="FAILED")


def items_in(answer: Answer) -> list[dict[str, Any]]:
    """Return the records of a list or a claim; raises Violation when they are none."""
    items = answer.expect(200).body.get("items")
    if not isinstance(items, list) or not all(_is_record(item) for item in items):
        raise answer.violates("200 with items, a list of records")
    return items


def _is_record(item: object) -> bool:
    return isinstance(item, dict) and {"id", "status", "version", "owner"} <= item.keys()
