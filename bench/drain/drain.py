"""The measurement: a trickle of orders alone, then the same beside the orders that a crash left."""

import asyncio
import collections
import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from bench.drain.orphans import Places, make
from bench.drain.trickle import ORDER, Trickle, percentile_ms
from bench.storage.cpu import cpu_s
from bench.storage.line import Line, request
from testbed.audit import Told
from testbed.postgres import find_binaries, private_postgres
from testbed.processes import ProcessFailedError
from testbed.stack import UPSTREAMS, Stack

SETTINGS: Final = {"RESUME_WINDOW_S": "3600", "RECOVERY_INTERVAL_S": "1"}
"""Making ten thousand orphans takes minutes, and none of them is to be too old to go forward."""

STOCK: Final = {"SKU-1": 10_000_000}
_LOOK_S: Final = 0.2
"""Between looks at what is left: often enough for a rate, seldom enough to cost nothing."""


@dataclass(frozen=True)
class Asked:
    """What the command line wants."""

    orders: int
    replicas: int
    per_s: float
    postgres: bool
    alone_s: float
    bound_s: float


@dataclass(frozen=True)
class Drained:
    """What came of it; `took_s` is from the start of the fresh processes to the last end."""

    orders: int
    took_s: float
    alone: Trickle
    beside: Trickle
    curve: list[tuple[float, int]]
    """Seconds since the start, and how many orders were left."""
    cpu_s: Mapping[str, float]
    """Processor time that each program used meanwhile."""
    statuses: Mapping[str, int]
    violations: list[str]

    def lines(self) -> Iterator[str]:
        """Say it."""
        rate = self.orders / self.took_s
        yield f"{self.orders} orphans drained in {self.took_s:.1f} s: {rate:.0f} orders/s"
        for name, trickle in (("alone", self.alone), ("beside the drain", self.beside)):
            p50, p99 = percentile_ms(trickle.took, 50), percentile_ms(trickle.took, 99)
            statuses = dict(collections.Counter(status for status, _ in trickle.answers))
            yield f"new orders {name}: {statuses}, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        each = (f"{name} {used / self.orders * 1000:.2f}" for name, used in self.cpu_s.items())
        yield f"processor time in ms per orphan: {', '.join(each)}"
        yield f"statuses at the end: {dict(self.statuses)}"
        yield f"audit: {len(self.violations)} violations"
        yield from self.violations[:20]


class NotDrainedError(Exception):
    """Orders were left when the time was over."""


def drain(asked: Asked) -> Drained:
    """Run it on a system of its own.

    Raises:
        NotDrainedError: It took longer than `asked.bound_s`.
    """
    with contextlib.ExitStack() as stack:
        url = None
        if asked.postgres:
            binaries = find_binaries()
            if binaries is None:
                raise ProcessFailedError("PostgreSQL's programs were not found on this machine")
            url = stack.enter_context(private_postgres(binaries))
        system = stack.enter_context(Stack(replicas=(), settings=SETTINGS, database_url=url))
        system.set_stock(STOCK)
        return asyncio.run(_drain(asked, system))


async def _drain(asked: Asked, system: Stack) -> Drained:
    _start(system, asked.replicas)
    template = await _template(system)
    alone = Trickle(_addresses(system), asked.per_s)
    await _for(alone, asked.alone_s)
    for replica in system.replicas:
        replica.kill()
    await make(asked.orders, template, Places({name: _place(system, name) for name in UPSTREAMS}))

    began = time.perf_counter()
    _start(system, asked.replicas)
    used_before = _cpu_s(system)
    beside = Trickle(_addresses(system), asked.per_s)
    placing = asyncio.create_task(beside.run())
    curve = await _watch(system, began, few=asked.replicas * int(asked.per_s) + 1, asked=asked)
    beside.stop()
    await placing
    curve += await _watch(system, began, few=0, asked=asked)
    used = {name: used - used_before[name] for name, used in _cpu_s(system).items()}

    told = [Told(status, order_id) for status, order_id in (*alone.answers, *beside.answers)]
    found = await asyncio.to_thread(system.audit, STOCK, told)
    orders = await asyncio.to_thread(system.orders)
    return Drained(
        orders=asked.orders,
        took_s=curve[-1][0],
        alone=alone,
        beside=beside,
        curve=curve,
        cpu_s=used,
        statuses=collections.Counter(order["status"] for order in orders),
        violations=[str(violation) for violation in found],
    )


def _start(system: Stack, replicas: int) -> None:
    names = [f"replica-{n}" for n in range(replicas)]
    started = [system.add_replica(name, wait=False) for name in names]
    for process in started:
        process.wait_ready()


def _cpu_s(system: Stack) -> dict[str, float]:
    return {process.name: cpu_s(process.pid) for process in system.processes if process.alive}


def _addresses(system: Stack) -> list[tuple[str, int]]:
    return [_address(replica.url) for replica in system.replicas]


def _place(system: Stack, name: str) -> tuple[str, int]:
    return _address(system.upstream(name).url)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0


async def _for(trickle: Trickle, seconds: float) -> None:
    asyncio.get_running_loop().call_later(seconds, trickle.stop)
    await trickle.run()


async def _template(system: Stack) -> dict[str, Any]:
    """Place an order, and return how the database service has it."""
    replica = await Line.to(*_addresses(system)[0])
    placed = await replica.ask(request("POST", "/orders", json.dumps(ORDER).encode()))
    replica.close()
    order_id = json.loads(placed.body)["id"]
    database = await Line.to(*_place(system, "database"))
    record = await database.ask(request("GET", f"/orders/{order_id}"))
    database.close()
    template: dict[str, Any] = json.loads(record.body)
    return template


async def _watch(system: Stack, began: float, *, few: int, asked: Asked) -> list[tuple[float, int]]:
    """Look until not more than `few` orders are left."""
    curve: list[tuple[float, int]] = []
    line = await Line.to(*_place(system, "database"))
    while not curve or curve[-1][1] > few:
        if time.perf_counter() - began > asked.bound_s:
            raise NotDrainedError(f"{curve[-1][1]} orders were left after {asked.bound_s:g} s")
        reply = await line.ask(request("GET", "/stats"))
        curve.append((time.perf_counter() - began, json.loads(reply.body)["unfinished"]))
        await asyncio.sleep(_LOOK_S)
    line.close()
    return curve
