"""What is measured, and the upstreams before it, as processes tied to their cores.

The service under test has one core for itself; load generator and upstreams share the other.
"""

import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from bench import cpu
from bench.systems import System
from testbed.folders import temporary_folder
from testbed.ports import HOST, free_port
from testbed.processes import Process, Program

Part = TypeVar("Part")

_SETTINGS: Final = (
    "DATABASE_SERVICE_URL",
    "INVENTORY_URL",
    "PAYMENT_URL",
    "SHIPPING_URL",
)


class Stage:
    """A context manager: what was started inside it is gone after it."""

    def __init__(self) -> None:
        self._cleanup = ExitStack()
        self.folder = Path()

    def __enter__(self) -> Self:
        """Take the load generator, which is this process, to its core."""
        self._cleanup.enter_context(cpu.on(cpu.other_core()))
        self.folder = self._cleanup.enter_context(temporary_folder())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Kill everything; nothing of it is worth a shutdown in order."""
        self._cleanup.close()

    def enter(self, part: AbstractContextManager[Part]) -> Part:
        """Something that is to end with the stage."""
        return self._cleanup.enter_context(part)

    def upstreams(self, latency_ms: float = 0) -> dict[str, str]:
        """Start upstreams of that latency; give the settings that name their addresses."""
        ports = {name: free_port() for name in _SETTINGS}
        listed = ",".join(map(str, ports.values()))
        options = ("--ports", listed, "--latency-ms", str(latency_ms))
        command = (sys.executable, "-m", "bench.upstreams", *options)
        url = f"http://{HOST}:{ports['DATABASE_SERVICE_URL']}"
        name = f"upstreams-{latency_ms:g}-{ports['DATABASE_SERVICE_URL']}"
        self.run(Program(name, command, url=url), cpu.other_core())
        return {name: f"http://{HOST}:{port}" for name, port in ports.items()}

    def system(
        self,
        system: System,
        addresses: Mapping[str, str],
        settings: Mapping[str, str] | None = None,
        *,
        cores: Iterable[int] = (),
    ) -> Process:
        """Start it on the core of its own, or on those that are named."""
        port = free_port()
        program = system.program(port, {**addresses, **(settings or {})})
        named = Program(f"{program.name}-{port}", program.command, program.settings, program.url)
        return self.run(named, *(cores or (cpu.service_core(),)))

    def run(self, program: Program, *cores: int) -> Process:
        """Start a program on these cores and wait until it is ready."""
        process = Process(program, self.folder)
        self._cleanup.callback(process.kill)
        with cpu.on(*cores):
            process.start(wait=False)
        process.wait_ready()
        return process
