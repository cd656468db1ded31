"""One storm: start, place orders while everything breaks, heal, wait, audit, report."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from tests.storm.attempt import Attempt
from tests.storm.audit import audit
from tests.storm.evidence import Evidence, Violation, by_key
from tests.storm.report import Result
from tests.storm.shop import wish
from tests.storm.wire import NO_ANSWER
from tests.storm.world import LEASE_S, Plan, World, a_world

BOUND_S: Final = LEASE_S + 30
"""From when everything works again until every order is final (rule 4)."""

_CUSTOMERS: Final = 24
_REPLAYS: Final = 200
_LOOK_S: Final = 0.2


async def storm(plan: Plan, folder: Path) -> Result:
    """Let it rage, and say what was found."""
    async with a_world(plan, folder) as world:
        spent = _Stopwatch()
        await _begin(world)
        spent.on("starting")
        shoppers = [asyncio.create_task(world.crowd.shop()) for _ in range(_CUSTOMERS)]
        await world.havoc.rage(plan.seconds)
        spent.on("raging")
        world.crowd.stop()
        healed_at = await _calm(world)
        spent.on("waiting for what was late")
        await asyncio.gather(*shoppers)
        unfinished = await _until_final(world)
        spent.on("until all were final")
        calls = world.journal.total
        evidence = await _gather_evidence(world)
        spent.on("asking again")
        violations = [
            *audit(evidence),
            *(Violation("4", f"not final {BOUND_S:g} s later", one) for one in unfinished),
            *_other_violations(world),
        ]
        if world.journal.total != calls:
            violations.append(Violation("6", "replays after the end called upstreams"))
        return Result(
            plan=plan,
            evidence=evidence,
            violations=violations,
            journal=world.journal,
            faults={name: weather.counts for name, (_, weather) in world.network.items()},
            blows=world.havoc.counts,
            healed_at=healed_at,
            spent_s=spent.seconds,
            logs=world.fleet.logs,
        )


class _Stopwatch:
    """Where the time of a storm goes; `seconds` by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def on(self, phase: str) -> None:
        """The phase has ended."""
        now = time.monotonic()
        self.seconds[phase], self._since = now - self._since, now


async def _gather_evidence(world: World) -> Evidence:
    """All orders, before and after everybody has asked again."""
    attempts = list(world.crowd.attempts)
    orders = await _all_orders(world)
    replays = await _replay(world, orders, attempts)
    return Evidence(
        {**orders, **await _all_orders(world)},
        world.crowd.attempts,
        replays,
        world.crowd.looks,
        world.inventory,
        world.payment,
        world.shipping,
    )


def _other_violations(world: World) -> Iterator[Violation]:
    """Of the upstream contract, of the table's rows for bad requests, and by the processes."""
    for complaint in world.journal.complaints:
        yield Violation("contract", complaint)
    for failure in world.fleet.failures:
        yield Violation("start", failure)
    for asked, status, text in world.crowd.nonsense:
        yield Violation("API", f"{asked}, was {status}: {text}")


async def _begin(world: World) -> None:
    for server, _ in world.network.values():
        await server.open()
    world.fleet.database.start(wait=False)
    first, second = world.fleet.new_replica(), world.fleet.new_replica()
    await world.fleet.ready(world.fleet.database, first, second)


async def _calm(world: World) -> float:
    """Wait until what is late has come; from here on everything works. The wall clock then."""
    await world.fleet.ready(*world.fleet.replicas.values(), world.fleet.database)
    while world.late:  # noqa: ASYNC110 - many counters, looked at once
        await asyncio.sleep(_LOOK_S)
    return time.time()


async def _until_final(world: World) -> list[str]:
    """Wait for the end of all orders, within the bound, and return those without one."""
    give_up_at = time.monotonic() + BOUND_S
    while True:
        unfinished = [
            order["id"]
            for status in ("PENDING", "COMPENSATING")
            for order in await _listed(world, status=status)
        ]
        if not unfinished or time.monotonic() > give_up_at:
            return unfinished
        await asyncio.sleep(_LOOK_S)


async def _all_orders(world: World) -> dict[str, Mapping[str, Any]]:
    return {order["id"]: order for order in await _listed(world)}


async def _listed(world: World, **filters: str) -> list[dict[str, Any]]:
    """All pages of a list, each from some replica."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {**filters, "limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = await _page(world, query)
        found += page["items"]
        cursor = page["nextCursor"]
    return found


async def _page(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    """A page, from the first replica that gives it; some have a circuit that is open still."""
    give_up_at = time.monotonic() + BOUND_S
    while True:
        address = world.rng.choice(list(world.fleet.addresses.values()))
        with contextlib.suppress(*NO_ANSWER):
            answer = await world.http.get(f"{address}/orders", params=query)
            if answer.status_code == httpx.codes.OK:
                page: dict[str, Any] = answer.json()
                return page
        if time.monotonic() > give_up_at:
            message = f"no replica lists its orders {BOUND_S:g} s after everything worked again"
            raise TimeoutError(message)
        await asyncio.sleep(_LOOK_S)


async def _replay(
    world: World, orders: Mapping[str, Mapping[str, Any]], attempts: list[Attempt]
) -> list[tuple[Attempt, Attempt | None]]:
    """Ask again under old keys, with the same body spelled anew, and with others."""
    placed = {order["address"]["line1"] for order in orders.values()}
    asked = [
        (attempt.wish, key)
        for (_, key), group in by_key(attempts).items()
        for attempt in {one.wish.marker: one for one in group}.values()
        if attempt.wish.marker in placed
    ]
    replays = []
    for wanted, key in world.rng.sample(asked, min(len(asked), _REPLAYS)):
        same = await world.crowd.ask(wanted, key)
        other = None
        if wanted.user is not None and world.rng.random() < 0.3:  # some will do
            different = wish(world.rng, user=wanted.user)
            if different.user == wanted.user:
                other = await world.crowd.ask(different, key)
        replays.append((same, other))
    return replays
