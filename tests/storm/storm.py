"""One storm: start, place orders while everything breaks, heal, wait, judge."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from chaos.diary import Injection, Kind
from chaos.evidence import Evidence, Violation
from chaos.logs import stack_traces
from chaos.plan import BOUND_S, Plan
from chaos.stopwatch import Stopwatch
from chaos.tracks import Track, rage, replica_track
from chaos.verdict import judge
from tests.storm.ledger import books_of
from tests.storm.report import Result, Seen
from tests.storm.world import World, a_world

_CUSTOMERS: Final = 12
_REPLAYS_A_SECOND: Final = 4
_LOOK_S: Final = 0.1

_GRACE_S: Final = 90.0
"""A storm is repeated until it was one, but for no longer: a slow machine brings about a third of
what a fast one does in the same time."""

SHORT_S: Final = 15.0
"""A storm shorter than this has no time for a replica to sleep beyond its lease, nor for five
restarts: only one kill of each kind of process is asked of it."""

_EVERY_DECK_S: Final = 45.0


def least_proven(plan: Plan) -> dict[Kind, int]:
    """How many blows of each kind must have hit something."""
    kinds = {Kind.REPLICA_KILLED, Kind.DATABASE_KILLED}
    if plan.seconds >= SHORT_S:
        kinds |= set(replica_track_kinds())
    return dict.fromkeys(sorted(kinds), max(1, int(plan.seconds / _EVERY_DECK_S)))


def replica_track_kinds() -> tuple[Kind, ...]:
    """What a long storm does to replicas."""
    return (
        Kind.REPLICA_KILLED,
        Kind.REPLICA_LOST,
        Kind.REPLICA_ASLEEP,
        Kind.ROLLING_RESTART,
        Kind.CLOCK_SKEWED,
        Kind.NO_DATABASE_AT_START,
    )


async def storm(plan: Plan, folder: Path, database_url: str | None = None) -> Result:
    """Let it rage, and say what was found."""
    async with a_world(plan, folder, database_url) as world:
        spent = Stopwatch()
        await _begin(world)
        spent.on("starting")
        async with world.crowd.shopping(_CUSTOMERS):
            await _rage(world)
            spent.on("raging")
        healed_at = await _calm(world)
        spent.on("waiting for what was late")
        unfinished = await world.settling.until_final(healed_at)
        spent.on("until all were final")
        calls = world.peers.journal.total
        evidence = await _gather(world)
        spent.on("asking again")
        violations = [*judge(evidence), *_others(world, unfinished)]
        if world.peers.journal.total != calls:
            violations.append(Violation("6", "replays after the end called upstreams"))
        return Result(
            plan=plan,
            least=least_proven(plan),
            evidence=evidence,
            violations=violations,
            journal=world.peers.journal,
            faults=world.squalls.faults,
            diary=world.diary,
            spent_s=spent.seconds,
            logs=world.fleet.logs,
        )


async def _begin(world: World) -> None:
    for server in world.servers.values():
        await server.open()
    world.fleet.database.start(wait=False)
    replicas = [await world.fleet.new_replica() for _ in range(world.plan.replicas)]
    await world.fleet.ready(world.fleet.database, *replicas)


async def _rage(world: World) -> None:
    least = least_proven(world.plan)
    on_replicas = replica_track(world.blows)
    tracks = (
        Track(
            "replicas",
            {kind: on_replicas.blows[kind] for kind in on_replicas.blows if kind in least},
        ),
        Track("database", {Kind.DATABASE_KILLED: lambda: _kill_database(world)}),
    )
    squalls = asyncio.create_task(world.squalls.blow())
    try:
        give_up_at = time.monotonic() + world.plan.seconds + _GRACE_S
        owed = ["everything"]
        while owed and time.monotonic() < give_up_at:
            await rage(tracks, world.diary, least, world.plan.seconds, world.rng)
            owed = await _owed(world, least)
    finally:
        squalls.cancel()
        await asyncio.gather(squalls, return_exceptions=True)
    await world.squalls.heal()


async def _owed(world: World, least: Mapping[Kind, int]) -> list[str]:
    """What is missing from this storm still, while it goes on."""
    seen = Seen(
        plan=world.plan,
        least=least,
        diary=world.diary,
        faults=world.squalls.faults,
        journal=world.peers.journal,
        orders=await world.settling.all_orders(),
        attempts=world.crowd.attempts,
        looks=len(world.crowd.looks),
    )
    return seen.missing()


async def _kill_database(world: World) -> Injection:
    async with world.fleet.database_in_use:
        await world.relay.until_busy()
        in_hand = world.relay.in_hand
        await world.fleet.take_down("database")
        await asyncio.sleep(world.rng.uniform(0.1, 1.0))
        await world.fleet.bring_up("database")
    proof = f"{in_hand} requests were in its hands" if in_hand else None
    return Injection(Kind.DATABASE_KILLED, "database", proof)


async def _calm(world: World) -> float:
    """Wait until what is late has come; from here on everything works. The monotonic clock then."""
    await world.fleet.ready(*world.fleet.replicas.values(), world.fleet.database)
    while world.squalls.late:  # noqa: ASYNC110 - many counters, looked at once
        await asyncio.sleep(_LOOK_S)
    return time.monotonic()


async def _gather(world: World) -> Evidence:
    """All orders, before and after everybody has asked again."""
    orders = await world.settling.all_orders()
    at_most = int(world.plan.seconds * _REPLAYS_A_SECOND)
    replays = await world.settling.replay(world.crowd, orders, at_most=at_most)
    orders = {**orders, **await world.settling.all_orders()}
    peers, crowd = world.peers, world.crowd
    books = books_of(peers.inventory, peers.payment, peers.shipping)
    before: Mapping[str, int] = peers.stock_before
    return Evidence(orders, crowd.attempts, replays, crowd.looks, books, before)


def _others(world: World, unfinished: list[str]) -> Iterator[Violation]:
    """Of the upstream contract, of the table's rows for bad requests, and by the processes."""
    for order_id in unfinished:
        yield Violation("4", f"not final {BOUND_S:g} s later", order_id)
    for complaint in world.peers.journal.complaints:
        yield Violation("contract", complaint)
    for failure in world.fleet.failures:
        yield Violation("process", failure)
    yield from stack_traces(world.fleet.logs)
    for asked, status, text in world.crowd.nonsense:
        yield Violation("API", f"{asked}, was {status}: {text}")
