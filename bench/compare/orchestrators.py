"""What is compared, each with the same time-outs and tries."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from testbed.ports import HOST, free_port
from testbed.processes import Program

LEASE_S: Final = 5.5
"""Just more than deadline + time-out, as must be."""

_EQUAL: Final = {"UPSTREAM_TIMEOUT_S": "1", "RETRY_ATTEMPTS": "3"}
"""A fifth of the usual time-out, so that a fault costs seconds; all have the same."""

_OURS: Final = {
    "ORDER_DEADLINE_S": "4",
    "LEASE_S": str(LEASE_S),
    "RECOVERY_INTERVAL_S": "0.3",
    "DRAIN_S": "2",
    # A circuit that opened would keep orders from the faults that they are to meet.
    "BREAKER_FAILURES": "1000",
    "LOG_LEVEL": "warning",
}


@dataclass(frozen=True)
class Orchestrator:
    """An order service that can be started."""

    name: str
    application: str
    """As uvicorn wants it: module:name."""
    ready_path: str = "/health"
    settings: Mapping[str, str] = field(default_factory=dict)

    def program(self, replica: str, addresses: Mapping[str, str]) -> Program:
        """One replica of it, on a port of its own."""
        port = free_port()
        server = ("-m", "uvicorn", self.application, "--host", HOST, "--port", str(port))
        return Program(
            f"{self.name.replace(' ', '-')}-{replica}",
            (sys.executable, *server, "--log-level", "warning"),
            {**addresses, **_EQUAL, **self.settings},
            f"http://{HOST}:{port}",
            self.ready_path,
        )


OURS: Final = Orchestrator("this service", "app:app", "/readyz", _OURS)
CAREFUL: Final = Orchestrator("careful", "bench.tutorial.careful:app")
TUTORIAL: Final = Orchestrator("tutorial", "bench.tutorial.naive:app")

ALL: Final = (OURS, CAREFUL, TUTORIAL)
