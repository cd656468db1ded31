"""What is done to the processes and to the network while customers shop."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Mapping
from enum import StrEnum
from typing import Any, Final

from testbed.processes import Process
from tests.storm.contract import Journal
from tests.storm.deck import Deck
from tests.storm.fleet import Fleet
from tests.storm.weather import Fault, Weather
from tests.storm.wire import Server


class Blow(StrEnum):
    """What can be done to a process."""

    KILL_REPLICA = "replica killed"
    PAUSE_REPLICA = "replica paused beyond its lease"
    NAP_REPLICA = "replica paused for a moment"
    KILL_DATABASE = "database service killed"
    PAUSE_DATABASE = "database service paused"
    CHANGE_OF_GUARD = "replica lost for good, a new one started while the database was down"


_BLOWS: Final = (
    *[Blow.KILL_REPLICA] * 2,
    Blow.PAUSE_REPLICA,
    Blow.NAP_REPLICA,
    Blow.KILL_DATABASE,
    Blow.PAUSE_DATABASE,
    Blow.CHANGE_OF_GUARD,
)
_ON_DATABASE: Final = {Blow.KILL_DATABASE, Blow.PAUSE_DATABASE, Blow.CHANGE_OF_GUARD}
_ON_REPLICA: Final = {
    Blow.KILL_REPLICA,
    Blow.PAUSE_REPLICA,
    Blow.NAP_REPLICA,
    Blow.CHANGE_OF_GUARD,
}
_WAYS: Final = (None, 0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 3.0)
"""What becomes of the way to one service: nobody listens, or faults so many times as usual."""

_MOMENTS: Final = (
    "reserve",
    "authorize",
    "ship",
    "capture",
    "commit",
    "cancel",
    "refund",
    "release",
)
"""A process dies upon one of these calls: the moments that matter are short."""

LEAST: Final = {**dict.fromkeys(Blow, 1), Blow.KILL_REPLICA: 2}
"""What every storm must have had, however short."""

EACH_FAULT: Final = 2
LEAST_TOMBSTONES: Final = 2
_REST: Final = 3.0
"""Once each has been struck it goes on more slowly: where nothing works, nothing is ordered."""

_AT_MOST: Final = 2.0
"""A storm goes on until nothing is missing from it, but not longer than so many times its length;
the figures then say what was missing."""


class Havoc:
    """Seeded; everything it breaks it mends in the end."""

    def __init__(
        self,
        fleet: Fleet,
        journal: Journal,
        network: Mapping[str, tuple[Server, Weather]],
        rng: random.Random,
        lease_s: float,
    ) -> None:
        self.counts: Counter[Blow] = Counter()
        self._fleet = fleet
        self._journal = journal
        self._network = network
        self._rng = rng
        self._lease_s = lease_s
        self._blows = Deck(_BLOWS, rng)
        self._ways = Deck(_WAYS, rng)
        self._mending: set[asyncio.Task[None]] = set()

    async def rage(self, seconds: float) -> None:
        """Strike again and again, each way at least once; return when everything is mended."""
        loop = asyncio.get_running_loop()
        end, latest = loop.time() + seconds, loop.time() + seconds * _AT_MOST
        squalls = asyncio.create_task(self._squalls())
        try:
            while loop.time() < end or (self._owes() and loop.time() < latest):
                await self._strike()
                rest = 1.0 if self._owes_blows() else _REST
                await asyncio.sleep(self._rng.uniform(0.3, 1.2) * rest)
        finally:
            squalls.cancel()
            await asyncio.gather(squalls, return_exceptions=True)
        await asyncio.gather(*self._mending)
        await self._heal_network()

    def _owes(self) -> bool:
        faults = sum((weather.counts for _, weather in self._network.values()), Counter[Fault]())
        few_faults = any(faults[fault] < EACH_FAULT for fault in Fault)
        few_tombstones = self._journal.tombstones_hit < LEAST_TOMBSTONES
        return few_faults or few_tombstones or self._owes_blows()

    def _owes_blows(self) -> bool:
        return any(self.counts[blow] < least for blow, least in LEAST.items())

    async def _strike(self) -> None:
        """Play the next card that can be played: nothing is struck that is down already."""
        blow = self._blows.deal_first(self._can_be)
        if blow is None:
            return
        if blow in {Blow.KILL_REPLICA, Blow.PAUSE_REPLICA} or self._rng.random() < 0.5:
            await self._journal.next_call(self._rng.choice(_MOMENTS), within_s=0.5)
        self.counts[blow] += 1
        database, replica = self._fleet.database, self._fleet.idle_replica(self._rng)
        match blow:
            case Blow.KILL_DATABASE:
                self._mend(self._kill(database, self._rng.uniform(0.1, 1.0)), database.name)
            case Blow.PAUSE_DATABASE:
                self._mend(self._pause(database, self._rng.uniform(0.3, 1.5)), database.name)
            case _ if replica is None:
                pass  # never: what can be has an idle one
            case Blow.KILL_REPLICA:
                self._mend(self._kill(replica, self._rng.uniform(0.1, 1.5)), replica.name)
            case Blow.PAUSE_REPLICA:
                seconds = self._lease_s + self._rng.uniform(0.3, 2.0)
                self._mend(self._pause(replica, seconds), replica.name)
            case Blow.NAP_REPLICA:
                self._mend(self._pause(replica, self._rng.uniform(0.3, 1.5)), replica.name)
            case Blow.CHANGE_OF_GUARD:
                self._mend(self._change_of_guard(replica), replica.name, database.name)

    def _can_be(self, blow: Blow) -> bool:
        if blow in _ON_DATABASE and self._fleet.database.name in self._fleet.busy:
            return False
        return blow not in _ON_REPLICA or self._fleet.idle_replica(self._rng) is not None

    async def _change_of_guard(self, replica: Process) -> None:
        """One replica goes for good; its successor starts while the database service is down."""
        self._fleet.database.kill()
        self._fleet.lose(replica.name)
        successor = self._fleet.new_replica()
        self._fleet.busy.add(successor.name)
        await self._fleet.ready(successor)
        self._fleet.busy.discard(successor.name)
        self._fleet.database.start(wait=False)
        await self._fleet.ready(self._fleet.database)

    def _mend(self, work: Coroutine[Any, Any, None], *targets: str) -> None:
        """Do what breaks the targets and mends them again; nothing else is done to them."""
        self._fleet.busy.update(targets)
        task = asyncio.create_task(work)
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)
        task.add_done_callback(lambda _: self._fleet.busy.difference_update(targets))

    async def _kill(self, target: Process, seconds: float) -> None:
        target.kill()
        await asyncio.sleep(seconds)
        target.start(wait=False)
        await self._fleet.ready(target)

    async def _pause(self, target: Process, seconds: float) -> None:
        target.pause()
        await asyncio.sleep(seconds)
        target.resume()

    async def _squalls(self) -> None:
        """Each way is fair, rough, very rough or cut, and changes every few seconds."""
        while True:
            await asyncio.sleep(self._rng.uniform(0.3, 1.2))
            server, weather = self._network[self._rng.choice(list(self._network))]
            way = self._ways.deal()
            if way is None:
                weather.counts[Fault.OUTAGE] += 1
                server.shut()
                await asyncio.sleep(self._rng.uniform(0.3, 1.5))
                await server.open()
            else:
                weather.factor = way

    async def _heal_network(self) -> None:
        for server, weather in self._network.values():
            weather.heal()
            await server.open()
