"""Many workers who ask the database service for anything at once, and what each was told."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import httpx

Record: TypeAlias = dict[str, Any]
Did: TypeAlias = Literal["create", "write", "claim", "abandon", "look"]

ORDERS: Final = [f"o-{n}" for n in range(8)]
KEYS: Final = ["k-1", "k-2"]
LONG_S: Final = 3_600
"""A lease that does not end while the test runs; the other kind is over as soon as it begins."""
CHANCES: Final[dict[Did, int]] = {"create": 3, "write": 8, "claim": 4, "abandon": 1, "look": 2}


@dataclass(frozen=True)
class Event:
    """What one worker asked and was told; `began` and `ended` order all events of all workers."""

    did: Did
    worker: str
    asked: dict[str, Any]
    status: int
    records: list[Record]
    began: int
    ended: int


class Crowd:
    """Workers that share orders, so that most of what they do meets another's doing."""

    def __init__(self, doors: Sequence[httpx.AsyncClient], seed: int) -> None:
        """`doors` are clients of services on one database."""
        self._doors = doors
        self._seed = seed
        self._moments = itertools.count()
        self._known: dict[str, Record] = {}
        self.events: list[Event] = []

    async def work(self, *, workers: int, commands: int) -> None:
        """Let so many workers give so many commands each."""
        await asyncio.gather(*(self._work(f"w-{n}", commands) for n in range(workers)))

    async def _work(self, worker: str, commands: int) -> None:
        chance = random.Random(f"{self._seed} {worker}")  # noqa: S311 - to be repeated, not secret
        kinds = list(CHANCES)
        for number in range(commands):
            (did,) = chance.choices(kinds, [*CHANCES.values()])
            order_id = chance.choice(ORDERS)
            match did:
                case "create":
                    asked = _create(chance, worker, f"{order_id}-{chance.randrange(3)}")
                    await self._ask(did, worker, "POST", "/orders", asked)
                case "write":
                    await self._write(chance, worker, f"{worker}-{number}")
                case "claim":
                    asked = {"owner": worker, "leaseS": _lease(chance), "limit": 2}
                    await self._ask(did, worker, "POST", "/orders/claim", asked)
                case "abandon":
                    path = f"/orders/{order_id}-{chance.randrange(3)}"
                    await self._ask(did, worker, "POST", f"{path}/abandon", {"owner": worker})
                case "look":
                    await self._ask(did, worker, "GET", "/orders?limit=100")

    async def _write(self, chance: random.Random, worker: str, write_id: str) -> None:
        """Write an order as anybody last saw it, mostly one of one's own; at times twice."""
        mine = [r for r in self._known.values() if r["owner"] == worker]
        known = mine or [*self._known.values()]
        if not known:
            return
        record = chance.choice(known)
        asked = {
            "owner": worker,
            "version": record["version"],
            "writeId": write_id,
            "status": chance.choice(["PENDING"] * 4 + ["COMPENSATING"] * 2 + ["FAILED"]),
            "progress": {"by": write_id},
            "attention": None,
            chance.choice(["leaseS", "releaseForS"]): _lease(chance),
        }
        path = f"/orders/{record['id']}"
        times = chance.choice([1, 1, 2])
        again = [self._ask("write", worker, "PATCH", path, asked) for _ in range(times)]
        await asyncio.gather(*again)

    async def _ask(
        self,
        did: Did,
        worker: str,
        method: str,
        path: str,
        asked: dict[str, Any] | None = None,
    ) -> None:
        began = next(self._moments)
        door = self._doors[began % len(self._doors)]
        answer = await door.request(method, path, json=asked)
        records = _records(answer.json())
        for record in records:
            self._note(record)
        event = Event(
            did, worker, asked or {}, answer.status_code, records, began, next(self._moments)
        )
        self.events.append(event)

    def _note(self, record: Record) -> None:
        known = self._known.get(record["id"])
        if known is None or known["version"] < record["version"]:
            self._known[record["id"]] = record


def _create(chance: random.Random, worker: str, order_id: str) -> dict[str, Any]:
    return {
        "id": order_id,
        "owner": worker,
        "leaseS": _lease(chance),
        "caller": "shop",
        "key": chance.choice([None, *KEYS]),
        "fingerprint": "f",
        "keyTtlS": LONG_S,
        "userId": None,
        "order": {"by": worker},
        "progress": {},
    }


def _lease(chance: random.Random) -> int:
    return chance.choice([0, LONG_S])


def _records(answer: dict[str, Any]) -> list[Record]:
    """Every record that an answer shows, also a refusal's."""
    found = answer.get("items") or [answer.get("record") or answer]
    return [record for record in found if "fingerprint" in record]
