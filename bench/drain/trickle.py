"""New orders at a steady pace, whatever became of those before: the customers who know nothing."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.storage.line import Line, request

ORDER: Final = {
    "userId": "u-trickle",
    "address": {"line1": "1 Main St", "city": "Pune", "country": "IN", "postalCode": "411001"},
    "currency": "INR",
    "items": [{"sku": "SKU-1", "qty": 1, "price": "499.50"}],
}


@dataclass
class Trickle:
    """Places `per_s` orders a second, at the replicas in turn, until stopped."""

    replicas: Sequence[tuple[str, int]]
    per_s: float
    took: list[float] = field(default_factory=list)
    """Seconds from the moment at which each was due to be sent to its answer."""
    answers: list[tuple[int, str | None]] = field(default_factory=list)
    """Status and order id of each."""
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Place no more."""
        self._stopped.set()

    async def run(self) -> None:
        """Place orders until stopped, and wait for the last answers."""
        begin = time.perf_counter()
        free: dict[tuple[str, int], list[Line]] = {replica: [] for replica in self.replicas}
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                due = begin + number / self.per_s
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if self._stopped.is_set():
                    break
                replica = self.replicas[number % len(self.replicas)]
                group.create_task(self._place(replica, free[replica], due))
        for line in itertools.chain.from_iterable(free.values()):
            line.close()

    async def _place(self, replica: tuple[str, int], free: list[Line], due: float) -> None:
        line = next((line for line in _taken(free) if line.open), None) or await Line.to(*replica)
        reply = await line.ask(request("POST", "/orders", json.dumps(ORDER).encode()))
        free.append(line)
        self.took.append(time.perf_counter() - due)
        body: dict[str, Any] = json.loads(reply.body)
        self.answers.append((reply.status, body.get("id") or body.get("orderId")))


def _taken(lines: list[Line]) -> Iterator[Line]:
    """Take lines out, the latest used first."""
    while lines:
        yield lines.pop()


def percentile_ms(took: Sequence[float], percent: int) -> float:
    """Return the time below which so many per cent of them lie."""
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000
