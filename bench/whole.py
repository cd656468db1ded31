"""Whole systems on PostgreSQL: orders that survive the death of every process.

Ours is the order service, the database service and PostgreSQL; the other is a DBOS application and
PostgreSQL. All processes of a system share one core, and what all of them use is added up. The
upstreams that belong to other teams (inventory, payment, shipping) are the same cheap program.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bench import cpu
from bench.stage import Stage
from bench.systems import BENCH_PYTHON, OURS, System, always, no_bench_packages, uvicorn_peer
from testbed.ports import free_port
from testbed.postgres import find_binaries, private_server
from testbed.processes import reference_upstream

Addresses = Mapping[str, str]


@dataclass(frozen=True)
class Running:
    """A system that is up: where its orders go, and the processes that work for it."""

    url: str
    pids: tuple[int, ...]


@dataclass(frozen=True)
class WholeSystem:
    """How to start one, given the upstreams and the address of an empty PostgreSQL."""

    name: str
    start: Callable[[Stage, Addresses, str], Running]
    lacks: Callable[[], str] = always

    @property
    def needs_more(self) -> bool:
        """Whether it needs anything that the tests do not need too."""
        return self.lacks is not always

    def missing(self) -> str:
        """What it needs and does not find, or nothing."""
        return self.lacks() if find_binaries() else "there is no PostgreSQL here"

    def open(self, stage: Stage, addresses: Addresses) -> Running:
        """Start it, with a PostgreSQL of its own."""
        binaries = find_binaries()
        if binaries is None:
            raise FileNotFoundError(self.missing())
        with cpu.on(cpu.service_core()):
            server = stage.enter(private_server(binaries))
        running = self.start(stage, addresses, server.url)
        return Running(running.url, (*running.pids, server.pid))


def _ours(stage: Stage, addresses: Addresses, database_url: str) -> Running:
    settings = {"DATABASE_URL": database_url}
    program = reference_upstream("database", free_port(), settings)
    database = stage.run(program, cpu.service_core())
    replica = stage.system(OURS, {**addresses, "DATABASE_SERVICE_URL": database.url})
    return Running(replica.url, (replica.pid, database.pid))


def _dbos(settings: Mapping[str, str]) -> Callable[[Stage, Addresses, str], Running]:
    system = System("dbos", uvicorn_peer("dbos_workflow", str(BENCH_PYTHON)), settings)

    def start(stage: Stage, addresses: Addresses, database_url: str) -> Running:
        process = stage.system(system, addresses, {"DATABASE_URL": database_url})
        return Running(process.url, (process.pid,))

    return start


OURS_WHOLE: Final = WholeSystem("this service, whole system", _ours)
DBOS: Final = WholeSystem("DBOS, a workflow of seven steps", _dbos({}), no_bench_packages)
DBOS_SHORT: Final = WholeSystem(
    "DBOS, a workflow of five steps", _dbos({"ORDER_STEPS": "5"}), no_bench_packages
)

ALL: Final = (OURS_WHOLE, DBOS, DBOS_SHORT)
