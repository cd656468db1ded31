"""`python -m services` runs all four upstreams in one process, `python -m services NAME` one."""

import argparse
import gc
import importlib
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from services.logs import configure_logging, log_event
from services.settings import ServiceSettings
from services.storage import BadDatabaseUrl, check_url

# Part of the order protocol's contract.
PORTS = {"database": 8000, "payment": 8005, "inventory": 8006, "shipping": 8007}
# What a request may still take after SIGTERM; platforms kill after 30 s, so stay below.
DRAIN_S = 20
# Connections the kernel may hold for us while a burst arrives.
BACKLOG = 2048
EXIT_MISUSED = 2
# New objects between two collections: those of some hundred requests instead of a few. Requests
# leave hardly any cycles, and a collection holds up all that are under way.
GC_THRESHOLD = 50_000


@dataclass(frozen=True)
class Place:
    """A service and where it listens."""

    name: str
    host: str
    port: int


def main() -> int:
    """Run what the command line asks for until SIGTERM or SIGINT; return the exit code."""
    places = _arguments()
    configure_logging()
    gc.set_threshold(GC_THRESHOLD)
    settings = _settings(places)
    servers = [Service(place, settings) for place in places]

    def stop_all() -> None:
        for server in servers:
            server.stop()

    _on_signal(stop_all)
    for server in servers:
        server.start(stop_all)  # one that does not come up takes the others with it
    for server in servers:
        server.join()
    return 0 if all(server.started for server in servers) else 1


def _arguments() -> list[Place]:
    parser = argparse.ArgumentParser(prog="python -m services", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(PORTS), help="one service (default: all)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, help="0 takes a free one and logs which (one service)")
    given = parser.parse_args()
    if given.port is not None and given.name is None:
        parser.error("--port needs the name of one service")
    if given.port is not None and not 0 <= given.port <= 65535:  # noqa: PLR2004 - 16 bits
        parser.error("--port must be 0 to 65535")
    names = [given.name] if given.name else list(PORTS)
    return [
        Place(name, given.host, PORTS[name] if given.port is None else given.port) for name in names
    ]


def _settings(places: list[Place]) -> ServiceSettings:
    try:
        settings = ServiceSettings()
        for place in places:
            check_url(settings.database_url_for(place.name))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        _refuse("; ".join(faults))
    except BadDatabaseUrl as error:
        _refuse(str(error))
    return settings


def _refuse(why: str) -> NoReturn:
    sys.stderr.write(f"python -m services: {why}\n")
    sys.exit(EXIT_MISUSED)


class Service:
    """One service with an event loop and a thread of its own."""

    def __init__(self, place: Place, settings: ServiceSettings) -> None:
        """Take the port at once, so that one which is taken stops the program before it starts."""
        self._place = place
        self._socket = _listen(place)
        config = uvicorn.Config(
            _application(place.name, settings),
            access_log=False,
            log_config=None,
            lifespan="on",
            loop="asyncio" if sys.platform == "win32" else "uvloop",  # there is none on Windows
            http="httptools",
            ws="none",
            proxy_headers=False,  # nothing here asks where a caller is
            timeout_graceful_shutdown=DRAIN_S,
            backlog=BACKLOG,
        )
        self._server = _Server(config)
        self._thread: threading.Thread | None = None

    @property
    def started(self) -> bool:
        """Whether it came up; a migration or a file that fails keeps it from doing so."""
        return self._server.started

    def start(self, at_end: Callable[[], None]) -> None:
        """Start serving in a thread, which calls `at_end` last."""
        self._thread = threading.Thread(target=self._serve, args=[at_end], name=self._place.name)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to finish the requests it has and end."""
        self._server.should_exit = True

    def join(self) -> None:
        """Wait for its end."""
        if self._thread is not None:
            self._thread.join()

    def _serve(self, at_end: Callable[[], None]) -> None:
        host, port = self._socket.getsockname()[:2]
        log_event("listening", service=self._place.name, host=host, port=port)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            log_event("stopped", service=self._place.name)
            at_end()


class _Server(uvicorn.Server):
    """A server whose garbage collector has less to do."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; what exists by then stays to the end and need not be looked through again."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()


def _application(name: str, settings: ServiceSettings) -> FastAPI:
    module = importlib.import_module(f"services.{name}.app")
    app: FastAPI = module.create_app(settings)
    return app


def _listen(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=BACKLOG)
    except OSError as error:
        _refuse(
            f"{place.name} cannot listen on {place.host}:{place.port} ({error.strerror}):"
            " stop what uses it, or give another --port"
        )


def _on_signal(stop: Callable[[], None]) -> None:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


if __name__ == "__main__":
    sys.exit(main())
