"""A small upstream that keeps the contract, in memory, for the kit to be tried on.

It is cut into small methods, so that a defect is one of them overridden (defects.py).
"""

import asyncio
import contextlib
import json
import time
from typing import Any

import httpx

from tests.conformance.small_stock import Body, Refused, Said, Shelves, Thing


class Small(Shelves):
    """One service. `ttl_s`: how long a reservation lasts."""

    def __init__(self, service: str, *, ttl_s: float = float("inf")) -> None:
        super().__init__(service, ttl_s=ttl_s)
        self.answers: dict[str, tuple[str, Said]] = {}
        self.lock: contextlib.AbstractAsyncContextManager[object] = asyncio.Lock()

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

    async def route(self, request: httpx.Request) -> Said:
        """Find out what is asked."""
        parts = request.url.path.strip("/").split("/")
        key = request.headers.get("X-Idempotency-Key", "")
        if parts[0] == "stock":
            return self.on_stock(request, parts[1])
        if request.method == "GET":
            return self.read(parts[1])
        if request.url.path == self.contract.create_path:
            body = self.parsed(request)
            return await self.once(key, self.fingerprint(request, body), body["id"], self.create)
        acts = {self.contract.undo: self.undo, self.contract.finish: self.finish}
        act = acts.get(parts[2], self.dispatch)
        return await self.once(key, request.url.path, parts[1], lambda _: act(parts[1]))

    async def once(self, key: str, fingerprint: str, name: str, act: Any) -> Said:  # noqa: ANN401
        """Rule 2, after rule 3: the mark is looked for before the stored answer."""
        creating = act == self.create
        if creating:
            self.expect_no_mark(name, key)
        if (stored := self.stored(key, fingerprint)) is not None:
            return stored
        await self.pause()
        try:
            said: Said = await act(json.loads(fingerprint) if creating else None)
        except Refused as refusal:
            if creating:
                self.store_refusal(key, fingerprint, refusal)
            raise
        self.answers[key] = (fingerprint, said)
        return said

    def stored(self, key: str, fingerprint: str) -> Said | None:
        """Return the answer to a repeat."""
        if key not in self.answers:
            return None
        before, said = self.answers[key]
        if before != fingerprint:
            raise Refused(422, "idempotency_key_reused")
        return said

    def store_refusal(self, key: str, fingerprint: str, refusal: Refused) -> None:
        """Repeat refusals, too."""
        self.answers[key] = (fingerprint, refusal.said)

    def fingerprint(self, request: httpx.Request, body: Body) -> str:
        """Return what tells one body from another."""
        assert request.content
        return json.dumps(body, sort_keys=True)

    def parsed(self, request: httpx.Request) -> Body:
        """Return the body, which must make sense."""
        try:
            body: Body = json.loads(request.content)
        except ValueError:
            raise Refused(400, "malformed_json") from None
        if not self.makes_sense(body):
            raise Refused(422, "validation_failed")
        return body

    def makes_sense(self, body: Body) -> bool:
        """Whether it can be meant."""
        lines = body.get("items", [])
        address, amount = body.get("address", {}), body.get("amount", "1")
        return (
            isinstance(lines, list)
            and all(type(line["qty"]) is int and line["qty"] > 0 for line in lines)
            and isinstance(address, dict)
            and isinstance(amount, str)
            and amount.replace(".", "").isdigit()
        )

    def expect_no_mark(self, name: str, key: str) -> None:
        """Refuse to create what was undone."""
        thing = self.things.get(name)
        if thing is not None and thing.status in self.contract.undone:
            raise Refused(410, "cancelled", key=key)

    async def create(self, body: Body) -> Said:
        """Make it, or say how it stands."""
        thing = self.things.get(body["id"])
        if thing is not None:
            return self.exists(thing, body)
        self.refuse(body)
        await self.pause()
        await self.take(body)
        thing = Thing(body["id"], self.contract.created, body, time.monotonic() + self.ttl_s)
        self.things[thing.id] = thing
        return Said(201, self.shown(thing))

    def exists(self, thing: Thing, body: Body) -> Said:
        """Answer for an id that is taken."""
        if thing.body != body:
            raise Refused(409, "id_in_use")
        return Said(201, self.shown(thing))

    def refuse(self, body: Body) -> None:
        """Raise Refused where the contract wants it."""
        if body.get("userId", "").startswith("decline"):
            raise Refused(402, "payment_declined")
        if body.get("address", {}).get("postalCode") == "00000":
            raise Refused(422, "address_not_served")

    def shown(self, thing: Thing) -> Body:
        """Return the thing as the wire shows it."""
        own = {
            "inventory": {"expiresAt": "2030-01-31T12:00:00Z"},
            "payment": {},
            "shipping": {"trackingNumber": f"T-{thing.id[:8]}"},
        }[self.contract.service]
        return thing.body | own | {"id": thing.id, "status": self.status(thing)}

    def read(self, name: str) -> Said:
        """GET."""
        if name not in self.things:
            raise Refused(404, "unknown")
        return Said(200, self.shown(self.things[name]))

    async def finish(self, name: str) -> Said:
        """Commit or capture."""
        if name not in self.things:
            raise Refused(404, "unknown")
        thing = self.things[name]
        status = self.status(thing)
        if status not in self.contract.live:
            raise Refused(409, status)
        await self.pause()
        if status == self.contract.created:
            self.move(thing.body, on_hand=-1, reserved=-1)
            thing.status = str(self.contract.finished)
        return Said(200, self.shown(thing))

    async def undo(self, name: str) -> Said:
        """Release, refund or cancel."""
        thing = self.things.get(name)
        before = thing.status if thing else ""
        await self.pause()
        if thing is None:
            thing = self.things[name] = Thing(name, self.undone_word(before))
        self.give_back(thing, before)
        if before not in self.contract.undone:
            thing.status = self.undone_word(before)
        return Said(200, {"id": name, "status": thing.status})

    def undone_word(self, before: str) -> str:
        """Return the status of what is undone."""
        return self.contract.undone[-1 if before == self.contract.finished else 0]

    def give_back(self, thing: Thing, before: str) -> None:
        """Put the units back."""
        if before in self.contract.beyond:
            raise Refused(409, "dispatched")
        if before == self.contract.created:
            self.move(thing.body, reserved=-1)
        elif before == self.contract.finished:
            self.move(thing.body, on_hand=1)

    async def dispatch(self, name: str) -> Said:
        """Let the parcel leave."""
        self.things[name].status = "dispatched"
        return Said(200, self.shown(self.things[name]))
