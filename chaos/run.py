"""One run: start, shop while everything breaks, heal, wait, judge."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from chaos.evidence import Evidence, Violation
from chaos.logs import stack_traces
from chaos.minimum import least_proven, owed
from chaos.plan import BOUND_S, Plan
from chaos.report import Result
from chaos.shop import stock
from chaos.stopwatch import Stopwatch
from chaos.tracks import rage
from chaos.verdict import judge
from chaos.world import World, a_world
from testbed.books import Books, read_books
from testbed.postgres import PostgresServer

_BEFORE_S: Final = 1.0  # customers find their way in before anything breaks
_ROUND_S: Final = 5.0  # each track strikes a few times
_GRACE_S: Final = 120.0  # of such rounds, for a machine so slow that orders are too few
_AFTER_S: Final = 2.0  # and shop on when everything works again
_REPLAYS_A_SECOND: Final = 3  # of a run's length; each takes a few hundredths of a second
_MOST_REPLAYS: Final = 200


async def run(plan: Plan, folder: Path, server: PostgresServer | None) -> Result:
    """Do it all, and say what was found."""
    async with a_world(plan, folder, server) as world:
        spent = Stopwatch()
        began = time.monotonic()
        stock_before = stock(plan.seconds)
        await _start(world, stock_before)
        spent.on("starting")
        async with world.crowd.shopping(plan.customers):
            await asyncio.sleep(_BEFORE_S)
            await _rage(world)
            spent.on("breaking and mending")
            await world.fleet.ready(*world.fleet.replicas.values(), *world.fleet.services.values())
            healed_at, healed_at_monotonic = time.time(), time.monotonic()
            await asyncio.sleep(_AFTER_S)
        unfinished = await world.settling.until_final(healed_at_monotonic)
        spent.on("until all were final")
        refusing = await world.settling.refusing(world.crowd)
        evidence = await _gather(world, stock_before)
        spent.on("asking again")
        return Result(
            plan=plan,
            evidence=evidence,
            violations=[*judge(evidence), *_others(world, unfinished, refusing)],
            diary=world.diary,
            traffic=world.network.counts,
            healed_at=healed_at,
            began=began,
            spent_s=spent.seconds,
            logs=world.fleet.logs,
        )


async def _start(world: World, units: dict[str, int]) -> None:
    fleet = world.fleet
    for service in fleet.services.values():
        service.start(wait=False)
    for _ in range(world.plan.replicas):
        await fleet.new_replica()
    await fleet.ready(*fleet.services.values(), *fleet.replicas.values())
    async with httpx.AsyncClient(trust_env=False) as http:
        for sku, on_hand in units.items():
            url = f"{fleet.services['inventory'].url}/stock/{sku}"
            (await http.put(url, json={"onHand": on_hand})).raise_for_status()


async def _rage(world: World) -> None:
    """Strike for as long as planned, and then in short rounds until nothing is missing."""
    plan = world.plan
    least = least_proven(plan)
    await rage(world.tracks, world.diary, least, plan.seconds, world.rng)
    give_up_at = time.monotonic() + _GRACE_S
    while time.monotonic() < give_up_at:
        orders = await world.settling.all_orders()
        if not owed(plan, world.diary.proven, orders, world.crowd.attempts, world.crowd.looks):
            return
        await rage(world.tracks, world.diary, least, _ROUND_S, world.rng)


async def _gather(world: World, stock_before: dict[str, int]) -> Evidence:
    """All orders and books, after everybody has asked again: that must have changed nothing."""
    orders = await world.settling.all_orders()
    at_most = min(_MOST_REPLAYS, int(world.plan.seconds * _REPLAYS_A_SECOND))
    replays = await world.settling.replay(world.crowd, orders, at_most=at_most)
    orders = {**orders, **await world.settling.all_orders()}
    books = await asyncio.to_thread(_books, world)
    crowd = world.crowd
    return Evidence(orders, crowd.attempts, replays, crowd.looks, books, stock_before)


def _books(world: World) -> Books:
    urls = (world.fleet.services[name].url for name in ("inventory", "payment", "shipping"))
    return read_books(*urls)


def _others(world: World, unfinished: list[str], refusing: list[str]) -> Iterator[Violation]:
    for name in refusing:
        yield Violation("4", f"{name} confirms no order though everything works again")
    for order_id in unfinished:
        yield Violation("4", f"not final {BOUND_S:g} s after everything worked again", order_id)
    for failure in world.fleet.failures:
        yield Violation("process", failure)
    yield from stack_traces(world.fleet.logs)
    for asked, status, text in world.crowd.nonsense:
        yield Violation("API", f"{asked}, was {status}: {text}")
