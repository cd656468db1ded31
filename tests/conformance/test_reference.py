"""The four reference services, as real processes, keep every rule: on SQLite and on PostgreSQL."""

import io
import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from conformance.contract import DATABASE
from conformance.program import main
from conformance.suite import SERVICES, suite_of
from conformance.target import Needs
from testbed.folders import ROOT
from testbed.ports import HOST, free_port
from testbed.processes import Process, Program, answers

TTL_S = 4
"""How long a reservation lasts where that is looked at: longer than it takes to make five."""
PATIENCE_S = 120.0
"""For everything; it takes a quarter of that on a laptop."""
POLL_S = 0.05

OWN = {"shipping": ("--dispatch-path", "/shipments/{id}/dispatch")}
EXPIRY = ("--only", "expiry", "--reservation-ttl-s", str(TTL_S))

EXPIRING = {"RESERVATION_TTL_S": str(TTL_S), "SWEEP_INTERVAL_S": "0.5"}
"""From the restart on, so that nothing else runs out on a busy machine."""

ON_POSTGRES = {
    "inventory": ("late", "stock", "restart"),
    "payment": ("late",),
    "shipping": ("late",),
    "database": ("create", "leases", "restart"),
}
"""Where it matters which engine it is: races and restarts. All groups: CONFORMANCE_ALL=1."""


@dataclass(frozen=True)
class Engine:
    """Where the services keep their state, and the groups to be checked there (none named: all)."""

    settings: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]

    def only(self, service: str) -> list[str]:
        """Return the arguments that say so."""
        return [word for group in self.groups.get(service, ()) for word in ("--only", group)]

    def wanted(self, service: str) -> set[str]:
        """Return the checks that have to pass; expiry is another test's."""
        groups = self.groups.get(service, ())
        return {
            check.id
            for check in suite_of(service, Needs()).checks(frozenset(groups))
            if check.group not in {"expiry", "busy"}
        }


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Give the settings that say where the state is: files in the working folder, or PostgreSQL."""
    if request.param == "sqlite":
        yield Engine({}, {})
        return
    server = str(request.getfixturevalue("postgres_url"))
    name = f"conformance_{uuid.uuid4().hex}"
    groups = {} if os.environ.get("CONFORMANCE_ALL") == "1" else ON_POSTGRES
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield Engine({"DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}, groups)
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)


class Four:
    """The services, and the kits that are at work on them: all are killed and restarted once."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in SERVICES}
        script = str(ROOT / "tests" / "conformance" / "four_services.py")
        places = tuple(f"{name}={port}" for name, port in self.ports.items())
        program = Program("four", (sys.executable, script, *places), settings, self.url(DATABASE))
        self.process = Process(program, folder)
        self.settings = dict(settings)

    def url(self, service: str) -> str:
        """Where a service is."""
        return f"http://{HOST}:{self.ports[service]}"

    def check(self, service: str, *arguments: str) -> tuple[int, str]:
        """Return the kit's exit code, and what it wrote."""
        out = io.StringIO()
        report = ("--json", str(self.folder / f"{service}.json"))
        code = main([service, "--url", self.url(service), *arguments, *report], out)
        return code, out.getvalue()

    def check_all(self, engine: Engine) -> list[tuple[int, str]]:
        """Return what `check` does for each, made at once, with one restart for all."""
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            kits = {
                name: pool.submit(
                    self.check,
                    name,
                    *engine.only(name),
                    *OWN.get(name, ()),
                    "--restart-command",
                    f"touch {self.folder}/restart-{name};"
                    f" until [ -e {self.folder}/restarted ]; do sleep {POLL_S}; done",
                )
                for name in SERVICES
            }
            self.restart_when_all_wish(kits)
            return [kit.result(PATIENCE_S) for kit in kits.values()]

    def restart_when_all_wish(self, kits: Mapping[str, Future[tuple[int, str]]]) -> None:
        """Kill and restart once all kits that are still at work have asked for it."""
        while at_work := {name for name, kit in kits.items() if not kit.done()}:
            wait(kits.values(), POLL_S)
            if all((self.folder / f"restart-{name}").exists() for name in at_work):
                self.process.restart(settings=self.settings | EXPIRING)
                self.wait_ready()
                (self.folder / "restarted").touch()
                return

    def wait_ready(self) -> None:
        """Return when all four answer; the first one's readiness has been waited for."""
        for name in SERVICES:
            while not answers(f"{self.url(name)}/readyz"):
                assert self.process.alive

    def told(self, service: str, outcome: str) -> set[str]:
        """Return the checks that ended so."""
        report = json.loads((self.folder / f"{service}.json").read_text())
        return {check["id"] for check in report["checks"] if check["outcome"] == outcome}


@pytest.fixture
def four(engine: Engine, tmp_path: Path) -> Iterator[Four]:
    """Give the services, running."""
    services = Four(tmp_path, engine.settings)
    try:
        services.process.start()
        services.wait_ready()
        yield services
    finally:
        services.process.kill()


def test_the_reference_services_conform(four: Four, engine: Engine) -> None:
    """Every MUST and SHOULD of all four holds, a kill -9 and expiry included; exit code 0."""
    said = four.check_all(engine)
    passed = {name: four.told(name, "passed") for name in SERVICES}
    expiry = four.check("inventory", *EXPIRY)

    assert [0] * len(SERVICES) == [code for code, _ in said], "\n".join(text for _, text in said)
    assert {name: engine.wanted(name) for name in SERVICES} == passed
    assert (0, 5) == (expiry[0], len(four.told("inventory", "passed"))), expiry[1]
