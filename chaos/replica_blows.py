"""What is done to replicas: killed, lost, put to sleep, restarted, given a wrong clock."""

import asyncio
import random
import time
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from chaos.custody import Custodians
from chaos.diary import Injection, Kind
from chaos.fleet import Fleet
from chaos.plan import LEASE_S
from testbed.processes import Process, ProcessFailedError

_CLEAN_ENDS: Final = (0, -15)  # uvicorn ends by the very signal that it was sent
_SHIFTS_S: Final = (-86_400.0, -3 * 3600.0, -420.0, 660.0, 5 * 3600.0, 30 * 86_400.0)
"""Wrong by minutes, by hours as after a wrong time zone, by days as after a dead battery."""

_CLOCK_TOLERANCE_S: Final = 5.0  # a Date header has whole seconds, and a busy machine is late
_LOOK_S: Final = 0.05
_STOP_BOUND_S: Final = 40.0
"""DRAIN_S and a time-out, six seconds together, in which orders are finished or given up; many
times that on a machine that is very busy."""
_WORK_BOUND_S: Final = 8.0  # until a replica that works has been seen with an order in its hands


class ReplicaBlows:
    """Each method strikes, mends, and returns what it can show for it."""

    def __init__(self, fleet: Fleet, custodians: Custodians, rng: random.Random) -> None:
        self._fleet = fleet
        self._custodians = custodians
        self._rng = rng
        self._shifts = list(_SHIFTS_S)
        rng.shuffle(self._shifts)

    async def kill(self) -> Injection:
        """SIGKILL in the middle of an order; back after a moment."""
        replica = await self._busy_replica()
        pid = replica.pid
        replica.kill()
        held = await self._custodians.held_by(pid)
        await asyncio.sleep(self._rng.uniform(0.1, 1.0))
        replica.start(wait=False)
        await self._fleet.ready(replica)
        return Injection(Kind.REPLICA_KILLED, replica.name, _held(held))

    async def lose(self) -> Injection:
        """SIGKILL and never back; another one comes, with no memory and another address."""
        replica = await self._busy_replica()
        pid = replica.pid
        await self._fleet.lose(replica)
        held = await self._custodians.held_by(pid)
        successor = await self._fleet.new_replica()
        await self._fleet.ready(successor)
        return Injection(Kind.REPLICA_LOST, f"{replica.name} → {successor.name}", _held(held))

    async def put_to_sleep(self) -> Injection:
        """SIGSTOP beyond the lease: it wakes when others have its orders."""
        replica = await self._busy_replica()
        replica.pause()
        began = time.monotonic()
        held = await self._custodians.held_by(replica.pid)
        await asyncio.sleep(LEASE_S + self._rng.uniform(0.8, 2.0))
        left = await self._custodians.held_by(replica.pid)
        slept_s = time.monotonic() - began
        replica.resume()
        await self._fleet.ready(replica)
        proof = None
        if held and slept_s > LEASE_S:
            taken = f"{len(held - left)} of them were not its own any more"
            proof = f"{_held(held)}; woke after {slept_s:.1f} s, when {taken}"
        return Injection(Kind.REPLICA_ASLEEP, replica.name, proof)

    async def restart_all(self) -> Injection:
        """SIGTERM to one after the other, as a deployment does; clocks are right again."""
        held: set[str] = set()
        for replica in list(self._fleet.replicas.values()):
            await self._fleet.wiring.until_busy(replica.name)
            held |= await self._custodians.held_by(replica.pid)
            await self._terminate(replica)
            await self._fleet.set_clock(replica, 0.0)
        return Injection(Kind.ROLLING_RESTART, f"{len(self._fleet.replicas)} replicas", _held(held))

    async def _terminate(self, replica: Process) -> None:
        try:
            code = await asyncio.to_thread(replica.terminate, bound_s=_STOP_BOUND_S)
        except ProcessFailedError as failure:
            self._fleet.failures.append(str(failure))
            return
        if code not in _CLEAN_ENDS:
            self._fleet.failures.append(f"{replica.name} ended with exit code {code} at SIGTERM")

    async def skew_clock(self) -> Injection:
        """Killed, and back with a wall clock that is wrong until the next rolling restart."""
        shift_s = self._shifts[0]
        self._shifts = [*self._shifts[1:], shift_s]
        replica = await self._busy_replica()
        replica = await self._fleet.set_clock(replica, shift_s)
        seen_s = await _clock_of(replica) - time.time()
        proof = None
        if abs(seen_s - shift_s) < _CLOCK_TOLERANCE_S and await self._works(replica):
            proof = f"its own Date is {seen_s:+.0f} s off, and it has taken orders"
        return Injection(Kind.CLOCK_SKEWED, f"{replica.name} by {shift_s:+.0f} s", proof)

    async def start_without_database(self) -> Injection:
        """One is lost, and its successor starts while the database service is down."""
        async with self._fleet.database_in_use:
            await self._fleet.take_down("database")
            await self._fleet.lose(self._fleet.any_replica(self._rng))
            successor = await self._fleet.new_replica()
            await self._fleet.ready(successor)  # readiness asks no upstream
            up_before = successor.alive and not self._fleet.database.alive
            await asyncio.sleep(self._rng.uniform(0.1, 0.8))
            await self._fleet.bring_up("database")
        proof = None
        if up_before and await self._works(successor):
            proof = "it was ready before the database service was, and has taken orders since"
        return Injection(Kind.NO_DATABASE_AT_START, successor.name, proof)

    async def _busy_replica(self) -> Process:
        """One with an unfinished order, if there is any soon; orders take a tenth of a second."""
        give_up_at = time.monotonic() + _WORK_BOUND_S
        while True:
            replica = self._fleet.any_replica(self._rng)
            await self._fleet.wiring.until_busy(replica.name)
            if await self._custodians.held_by(replica.pid) or time.monotonic() > give_up_at:
                return replica

    async def _works(self, replica: Process) -> bool:
        give_up_at = time.monotonic() + _WORK_BOUND_S
        while time.monotonic() < give_up_at:
            if await self._custodians.held_by(replica.pid):
                return True
            await asyncio.sleep(_LOOK_S)
        return False


def _held(orders: set[str]) -> str | None:
    return f"had {len(orders)} unfinished orders" if orders else None


async def _clock_of(replica: Process) -> float:
    """What the replica itself thinks is the time, in epoch seconds; 0 when it does not say."""
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{replica.url}/livez")
    except httpx.HTTPError:
        return 0.0
    return parsedate_to_datetime(answer.headers["date"]).timestamp()
