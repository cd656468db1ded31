"""The processes under test: replicas of the order service, and the database service."""

import asyncio
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from testbed.folders import ROOT
from testbed.ports import free_port
from testbed.processes import Process, answers, order_replica, reference_upstream

_READY_BOUND_S: Final = 30.0
_LOOK_S: Final = 0.1


class Fleet:
    """Starts, kills, pauses and resumes; counts what it did."""

    def __init__(
        self,
        folder: Path,
        database: Process,
        settings: Mapping[str, str],
    ) -> None:
        self.database = database
        self.replicas: dict[str, Process] = {}
        self.lost: list[str] = []
        self.busy: set[str] = set()
        self.failures: list[str] = []
        self._folder = folder
        self._settings = settings
        self._made = 0

    @property
    def addresses(self) -> dict[str, str]:
        """Of the replicas that customers are told of, dead or alive."""
        return {name: process.url for name, process in self.replicas.items()}

    @property
    def logs(self) -> list[Path]:
        """Where all of them wrote."""
        return sorted(self._folder.glob("*.log"))

    def new_replica(self) -> Process:
        """Start one more replica, on a port of its own, without waiting for it."""
        self._made += 1
        name = f"replica-{self._made}"
        process = Process(order_replica(name, free_port(), self._settings), self._folder)
        process.start(wait=False)
        self.replicas[name] = process
        return process

    def lose(self, name: str) -> None:
        """Kill a replica for good."""
        self.replicas.pop(name).kill()
        self.lost.append(name)

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
        for process in [*self.replicas.values(), self.database]:
            process.kill()

    def idle_replica(self, rng: random.Random) -> Process | None:
        """One that nothing is being done to, if there is any."""
        idle = [process for name, process in self.replicas.items() if name not in self.busy]
        return rng.choice(idle) if idle else None


def database_process(folder: Path, database_url: str | None) -> Process:
    """The reference database service, on SQLite in the folder or on the given PostgreSQL."""
    url = database_url or f"sqlite:///{folder / 'database.db'}"
    program = reference_upstream("database", free_port(), {"DATABASE_URL": url})
    return Process(program, folder, working=ROOT)
