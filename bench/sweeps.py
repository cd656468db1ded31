"""How the cost of an order changes: with its items, the orders in flight, replicas, slow upstreams.

The replica of these sweeps has room for every order they send it, so that none is refused.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import uvloop

from bench import cpu
from bench.load import Tally, Target, Window, closed_loop
from bench.run import CONNECTIONS, Run
from bench.stage import Stage
from bench.systems import OURS
from testbed.processes import Process

ITEMS: Final = (1, 10, 100)
IN_FLIGHT: Final = (1, 8, 32, 128, 512)
LATENCIES_MS: Final = (5, 50, 500)
PLACES: Final = (32, 256)
_CALLS: Final = 7
"""Calls of an order, one after another: an order lasts at least that many latencies."""

_ROOM: Final = {"MAX_IN_FLIGHT": "1024"}


def by_items_and_in_flight(run: Run) -> None:
    """One replica, with larger orders, then with more of them at once."""
    with Stage() as stage:
        process = stage.system(OURS, stage.upstreams(), _ROOM)
        for _ in range(run.pace.rounds):
            for items in ITEMS:
                with run.attempt(f"{items} items"):
                    tally = run.closed(Target(process.url, items), [process.pid])
                    run.note("items", str(items), tally)
            for in_flight in IN_FLIGHT[:2] if run.pace.smoke else IN_FLIGHT:
                with run.attempt(f"{in_flight} in flight"):
                    target = Target(process.url)
                    tally = run.closed(target, [process.pid], connections=in_flight)
                    run.note("in_flight", str(in_flight), tally)


def by_latency(run: Run) -> None:
    """What a replica makes of upstreams that are slow: so many places, each taken for so long."""
    for latency_ms in LATENCIES_MS:
        order_s = _CALLS * latency_ms / 1000
        with Stage() as stage:
            process = stage.system(OURS, stage.upstreams(latency_ms), _ROOM)
            for in_flight in PLACES:
                row = f"{latency_ms} ms, {in_flight} in flight"
                with run.attempt(row):
                    tally = run.closed(
                        Target(process.url),
                        [process.pid],
                        connections=in_flight,
                        window=_whole_turns(run.pace.window, order_s),
                    )
                    run.note("latency", row, tally, allowed_per_s=in_flight / order_s)


def _whole_turns(window: Window, order_s: float) -> Window:
    """At a long latency all orders go in step: count whole turns, and begin between two of them."""
    turns = max(2, round(window.seconds / order_s))
    return replace(window, warm_up_s=max(window.warm_up_s, 1.5 * order_s), seconds=turns * order_s)


def by_replicas(run: Run) -> None:
    """One replica on its core; then two, the second on the core of the load generator."""
    with Stage() as stage:
        addresses = stage.upstreams()
        first = stage.system(OURS, addresses, _ROOM)
        second = stage.system(OURS, addresses, _ROOM, cores=[cpu.other_core()])
        for _ in range(run.pace.rounds):
            for replicas in ([first], [first, second]):
                with run.attempt(f"{len(replicas)} replicas"):
                    tally = uvloop.run(_together(run.pace.window, replicas))
                    run.note("replicas", str(len(replicas)), tally)


async def _together(window: Window, replicas: Sequence[Process]) -> Tally:
    tallies = await asyncio.gather(*(_loop_on(window, replica) for replica in replicas))
    return Tally(
        seconds=max(each.seconds for each in tallies),
        cpu_s=sum(each.cpu_s for each in tallies),
        statuses=sum((each.statuses for each in tallies), Counter[int]()),
        latencies_ms=[latency for each in tallies for latency in each.latencies_ms],
    )


async def _loop_on(window: Window, replica: Process) -> Tally:
    used = partial(cpu.used_s, [replica.pid])
    return await closed_loop(Target(replica.url), used, window, connections=CONNECTIONS)
