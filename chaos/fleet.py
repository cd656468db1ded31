"""The processes under test: replicas of the order service, and the services they stand on."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from testbed.ports import free_port
from testbed.processes import Process, Program, answers, order_replica

_READY_BOUND_S: Final = 60.0  # a second or two; twenty on a machine that is very busy
_LOOK_S: Final = 0.05


class Wiring(Protocol):
    """How replicas reach the services."""

    async def wire(self, replica: str) -> Mapping[str, str]:
        """The settings that tell this replica where the services are."""

    async def unwire(self, replica: str) -> None:
        """The replica is gone for good."""

    async def shut(self, service: str) -> None:
        """The service is down: connections to it are to be refused."""

    async def open(self, service: str) -> None:
        """It is up again."""

    async def until_busy(self, replica: str) -> None:
        """Return when this replica has sent something that is not answered yet, or soon."""


class Fleet:
    """Starts, kills, pauses and resumes; `failures` are processes that did not do as they must."""

    def __init__(
        self,
        folder: Path,
        services: Mapping[str, Process],
        wiring: Wiring,
        settings: Mapping[str, str],
    ) -> None:
        self.services = services
        self.replicas: dict[str, Process] = {}
        self.failures: list[str] = []
        self.database_in_use = asyncio.Lock()  # by one who breaks it; no two at once
        self.wiring = wiring
        self._folder = folder
        self._settings = settings
        self._made = 0

    @property
    def database(self) -> Process:
        """The database service."""
        return self.services["database"]

    @property
    def addresses(self) -> dict[str, str]:
        """Of the replicas that customers are told of, dead or alive."""
        return {name: process.url for name, process in self.replicas.items()}

    @property
    def logs(self) -> list[Path]:
        """Where all of them wrote."""
        return sorted(self._folder.glob("*.log"))

    def any_replica(self, rng: random.Random) -> Process:
        """One of them."""
        return rng.choice(list(self.replicas.values()))

    async def new_replica(self) -> Process:
        """Start one more replica, on a port of its own, without waiting for it."""
        self._made += 1
        name = f"replica-{self._made}"
        settings = {**self._settings, **await self.wiring.wire(name)}
        process = Process(order_replica(name, free_port(), settings), self._folder)
        process.start(wait=False)
        self.replicas[name] = process
        return process

    async def lose(self, replica: Process) -> None:
        """Kill a replica for good."""
        replica.kill()
        del self.replicas[replica.name]
        await self.wiring.unwire(replica.name)

    async def set_clock(self, replica: Process, shift_s: float) -> Process:
        """Kill a replica and start it with a wall clock that is so much ahead; 0: a true one."""
        replica.kill()
        given = replica.program
        program = order_replica(given.name, int(given.url.rpartition(":")[2]), given.settings)
        process = Process(_skewed(program, shift_s) if shift_s else program, self._folder)
        process.start(wait=False)
        self.replicas[given.name] = process
        await self.ready(process)
        return process

    async def take_down(self, service: str) -> None:
        """Kill a service; whoever calls it is refused by the system."""
        self.services[service].kill()
        await self.wiring.shut(service)

    async def bring_up(self, service: str) -> None:
        """Start it again."""
        self.services[service].start(wait=False)
        await self.ready(self.services[service])
        await self.wiring.open(service)

    async def ready(self, *processes: Process) -> None:
        """Wait until all of these are; note it when one is not in time."""
        await asyncio.gather(*(self._ready(process) for process in processes))

    async def _ready(self, process: Process) -> None:
        give_up_at = time.monotonic() + _READY_BOUND_S
        address = process.url + process.program.ready_path
        while not await asyncio.to_thread(answers, address):
            if not process.alive:
                self.failures.append(f"{process.name} ended at its start:\n{process.tail()}")
                return
            if time.monotonic() > give_up_at:
                self.failures.append(f"{process.name} was not ready in {_READY_BOUND_S:g} s")
                return
            await asyncio.sleep(_LOOK_S)

    def stop(self) -> None:
        """Kill all that is left."""
        for process in [*self.replicas.values(), *self.services.values()]:
            process.kill()


def _skewed(program: Program, shift_s: float) -> Program:
    python, _, *module = program.command
    command = (python, "-m", "chaos.skewed_clock", str(shift_s), *module)
    return replace(program, command=command)
