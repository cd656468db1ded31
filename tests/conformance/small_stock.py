"""The stock of the small inventory (small.py), and what a refusal and a thing are."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from conformance.contract import CONTRACTS, Contract

Body = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """An answer, before it is put on the wire."""

    status: int
    body: Body = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - a refusal is no error of the service's
    """Ends a request with a problem document; what it had done is undone by who raises it."""

    def __init__(self, status: int, code: str, **extra: object) -> None:
        super().__init__(code)
        self.said = Said(status, {"status": status, "code": code, "detail": code, **extra})


@dataclass
class Thing:
    """A reservation, a payment or a shipment; a tombstone has an empty body."""

    id: str
    status: str
    body: Body = field(default_factory=dict)
    expires_at: float = float("inf")


class Shelves:
    """Stock, and the things that hold some of it. Empty in a payment or shipping service."""

    def __init__(self, service: str, *, ttl_s: float = float("inf")) -> None:
        self.contract: Contract = CONTRACTS[service]
        self.ttl_s = ttl_s
        self.things: dict[str, Thing] = {}
        self.stock: dict[str, list[int]] = {}  # sku → on hand, reserved

    async def pause(self) -> None:
        """Let others in, if they are let (the lock)."""
        await asyncio.sleep(0)

    def status(self, thing: Thing) -> str:
        """Return the status, by the clock."""
        due = thing.status == self.contract.created and thing.expires_at <= time.monotonic()
        return "expired" if due else thing.status

    async def take(self, body: Body) -> None:
        """Reserve the units, all or none."""
        if self.contract.service != "inventory":
            return
        self.sweep()
        short = [line for line in body["items"] if self.available(line["sku"]) < line["qty"]]
        await self.pause()
        if short:
            self.out_of_stock(short)
        self.move(body, reserved=1)

    def out_of_stock(self, short: list[Body]) -> None:
        """Refuse, saying what is short."""
        known = all(line["sku"] in self.stock for line in short)
        shortages = [
            {
                "sku": line["sku"],
                "requested": line["qty"],
                "available": self.available(line["sku"]),
            }
            for line in short
        ]
        raise Refused(409, "out_of_stock" if known else "unknown_sku", shortages=shortages)

    def sweep(self) -> None:
        """Put back what has run out."""
        for thing in self.things.values():
            if self.status(thing) == "expired" and thing.status != "expired":
                self.move(thing.body, reserved=-1)
                thing.status = "expired"

    def available(self, sku: str) -> int:
        """Return what can be sold."""
        on_hand, reserved = self.stock.get(sku, (0, 0))
        return on_hand - reserved

    def move(self, body: Body, *, on_hand: int = 0, reserved: int = 0) -> None:
        """Change the stock by the body's lines, so many times."""
        for line in body.get("items", []):
            if line["sku"] in self.stock:
                self.stock[line["sku"]][0] += on_hand * line["qty"]
                self.stock[line["sku"]][1] += reserved * line["qty"]

    def on_stock(self, request: httpx.Request, sku: str) -> Said:
        """GET and PUT."""
        if request.method == "PUT":
            self.put(sku, json.loads(request.content)["onHand"])
        if sku not in self.stock:
            raise Refused(404, "unknown_sku")
        self.sweep()
        on_hand, reserved = self.stock[sku]
        return Said(
            200,
            {"sku": sku, "onHand": on_hand, "reserved": reserved, "available": on_hand - reserved},
        )

    def put(self, sku: str, on_hand: int) -> None:
        """Set what is on hand."""
        self.stock.setdefault(sku, [0, 0])[0] = on_hand
