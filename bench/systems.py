"""What is measured beside one another: name, how to start it, and what it needs to be there."""

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from testbed.folders import ROOT
from testbed.ports import HOST
from testbed.processes import Program, order_replica

NODE: Final = ROOT / "bench/peers/node"
GO: Final = ROOT / "bench/peers/go"
_HAS_ALL: Final = all(map(find_spec, ("aiohttp", "dbos", "matplotlib")))
BENCH_PYTHON: Final = Path(sys.executable) if _HAS_ALL else ROOT / ".venv-bench/bin/python"
"""Where requirements-bench.txt is installed; `make bench` sees to .venv-bench."""

Start = Callable[[int, Mapping[str, str]], Program]
"""Makes the program, given a port and the settings with the upstreams' addresses."""


def always() -> str:
    """It needs nothing that is not there."""
    return ""


@dataclass(frozen=True)
class System:
    """One orchestrator; `missing` says what it needs and does not find, or nothing."""

    name: str
    start: Start
    settings: Mapping[str, str] = field(default_factory=dict)
    missing: Callable[[], str] = always

    @property
    def needs_more(self) -> bool:
        """Whether it needs anything that the tests do not need too."""
        return self.missing is not always

    def program(self, port: int, addresses: Mapping[str, str]) -> Program:
        """It, listening on `port`, with the upstreams at `addresses`."""
        return self.start(port, {**addresses, **self.settings})


def ours(port: int, settings: Mapping[str, str]) -> Program:
    """This service, started as its image starts it."""
    return order_replica("ours", port, settings)


def _module(module: str) -> Start:
    def start(port: int, settings: Mapping[str, str]) -> Program:
        command = (sys.executable, "-m", f"bench.peers.{module}", "--port", str(port))
        return Program(module, command, settings, f"http://{HOST}:{port}")

    return start


def uvicorn_peer(module: str, python: str = sys.executable) -> Start:
    """A FastAPI peer, tuned as far as uvicorn can be: uvloop, httptools, no line a request."""

    def start(port: int, settings: Mapping[str, str]) -> Program:
        server = ("-m", "uvicorn", f"bench.peers.{module}:app", "--host", HOST, "--port", str(port))
        tuned = ("--loop", "uvloop", "--http", "httptools", "--no-access-log")
        quiet = ("--log-level", "warning")
        command = (python, *server, *tuned, *quiet)
        return Program(module, command, settings, f"http://{HOST}:{port}")

    return start


def _node(port: int, settings: Mapping[str, str]) -> Program:
    command = ("node", str(NODE / "server.mjs"))
    environment = {**settings, "PORT": str(port), "NODE_ENV": "production"}
    return Program("node", command, environment, f"http://{HOST}:{port}")


def no_bench_packages() -> str:
    """Peers that stand on requirements-bench.txt need it."""
    return "" if BENCH_PYTHON.exists() else "requirements-bench.txt is not installed: make bench"


def _no_node() -> str:
    if shutil.which("node") is None:
        return "there is no node here"
    return "" if _installed(NODE) else "its packages are not installed: make bench"


def _installed(folder: Path) -> bool:
    return (folder / "node_modules/fastify").exists()


def _go(port: int, settings: Mapping[str, str]) -> Program:
    command = (str(GO / "server"),)
    return Program("go", command, {**settings, "PORT": str(port)}, f"http://{HOST}:{port}")


def _no_go() -> str:
    if (GO / "server").exists():
        return ""
    return "there is no go here" if shutil.which("go") is None else "it is not built: make bench"


FLOOR: Final = System("raw sockets (the floor)", _module("floor"))
OURS: Final = System("this service", ours)
OURS_QUIET: Final = System("this service, no order lines", ours, {"LOG_LEVEL": "warning"})
HTTPX_SHARED: Final = System("FastAPI + one shared httpx client", uvicorn_peer("httpx_shared"))
HTTPX_PER_ORDER: Final = System(
    "FastAPI + an httpx client per order", uvicorn_peer("httpx_per_order")
)
AIOHTTP: Final = System(
    "FastAPI + aiohttp",
    uvicorn_peer("aiohttp_bare", str(BENCH_PYTHON)),
    missing=no_bench_packages,
)
FASTIFY: Final = System("Node, fastify + undici", _node, missing=_no_node)
NET_HTTP: Final = System("Go, net/http", _go, missing=_no_go)

ALL: Final = (FLOOR, OURS, OURS_QUIET, NET_HTTP, FASTIFY, AIOHTTP, HTTPX_SHARED, HTTPX_PER_ORDER)
"""In the order in which they are measured, round by round."""
