"""A database service on one of the engines, and the processor time of all that works for it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

from bench.storage.cpu import cpu_s
from testbed.folders import temporary_folder
from testbed.ports import free_port
from testbed.postgres import find_binaries, private_server
from testbed.processes import Process, ProcessFailedError, reference_upstream

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Scene:
    """The service, where its data is, and the server that keeps it, if one does."""

    service: Process
    database_url: str
    server_pid: int | None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the service."""
        parts = urlsplit(self.service.url)
        return parts.hostname or "", parts.port or 0

    def cpu_s(self) -> tuple[float, float]:
        """Return the processor time used so far: by the service, and by the server below it."""
        below = cpu_s(self.server_pid) if self.server_pid is not None else 0.0
        return cpu_s(self.service.pid), below


@contextlib.contextmanager
def scene(engine: str) -> Iterator[Scene]:
    """Start a service on an empty database, and take both away at the end."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        server_pid = None
        url = f"sqlite:///{folder}/database.db"
        if engine == "postgresql":
            binaries = find_binaries()
            if binaries is None:
                raise ProcessFailedError("PostgreSQL's programs were not found on this machine")
            server = stack.enter_context(private_server(binaries))
            url, server_pid = server.url, _first_process(server.url)
        program = reference_upstream("database", free_port(), {"DATABASE_URL": url})
        service = Process(program, folder)
        stack.callback(service.kill)
        service.start()
        yield Scene(service, url, server_pid)


def _first_process(url: str) -> int:
    """Return the pid of the server, whose children serve the connections."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    return int(str(row[0]).split()[0]) if row else 0
