"""A private PostgreSQL: its own data, its own port, gone at the end."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from testbed.folders import REAPER, temporary_folder
from testbed.ports import HOST, free_port
from testbed.processes import POLL_S, ProcessFailedError

START_BOUND_S = 60.0  # initdb writes 40 MB and syncs it; a slow disk takes its time
_USER = "orders"

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path may be no longer than 107 bytes
    "fsync": "on",  # what is tested with a kill must be as durable as in production
    "max_connections": "200",  # several services with a few storage threads each, many tests
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}


def find_binaries() -> Path | None:
    """The folder of the newest `initdb` and `postgres` here, or None."""
    found = (folder for folder in _places() if _is_complete(folder))
    return next(found, None)


@contextlib.contextmanager
def private_postgres(binaries: Path) -> Iterator[str]:
    """Start PostgreSQL on a free port and give its address, postgresql://….

    PostgreSQL refuses to run as root; then it runs as the user postgres or nobody.

    Raises:
        ProcessFailedError: It did not start; the text ends with the last lines it wrote.
    """
    with private_server(binaries) as server:
        yield server.url


@contextlib.contextmanager
def private_server(binaries: Path) -> Iterator["PostgresServer"]:
    """As `private_postgres`, but give the server itself, which can be crashed and paused."""
    with temporary_folder() as folder:
        user = _unprivileged_user()
        if user is not None:
            shutil.chown(folder, user)
        server = PostgresServer(binaries, folder, user)
        server.initialise()
        try:
            server.start()
            yield server
        finally:
            server.stop()


class PostgresServer:
    """A server of our own; its data outlives `stop` and goes with its folder."""

    def __init__(self, binaries: Path, folder: Path, user: str | None) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user = user
        self._log = folder / "postgres.log"
        self._port = free_port()
        self._running: subprocess.Popen[bytes] | None = None
        self._paused: list[int] = []
        self.url = f"postgresql://{_USER}@{HOST}:{self._port}/postgres"

    def initialise(self) -> None:
        """Make its data folder."""
        options = ("--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--locale=C")
        code = self._run("initdb", *options, f"--pgdata={self._folder / 'data'}").wait()
        if code != 0:
            raise ProcessFailedError(f"initdb ended with exit code {code}:\n{self._tail()}")

    def start(self) -> None:
        """Start it and wait until it takes connections; after a crash, until it has recovered."""
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        data = str(self._folder / "data")
        self._running = self._run("postgres", "-D", data, f"--port={self._port}", *settings)
        REAPER.adopt(self._running.pid)
        give_up_at = time.monotonic() + START_BOUND_S
        while not self._is_ready():
            if self._running.poll() is not None or time.monotonic() > give_up_at:
                raise ProcessFailedError(f"PostgreSQL did not start:\n{self._tail()}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Immediate mode, as after a power cut: nothing is tidied up, a restart has to recover."""
        self.resume()
        if self._running is not None:
            self._running.send_signal(signal.SIGQUIT)
            self._running.wait()
            REAPER.forget(self._running.pid)
            self._running = None

    def pause(self) -> None:
        """SIGSTOP to all of its processes: connections stay open, nothing is answered."""
        # The postmaster first, so that it makes no new ones; each is a session of its own.
        self._paused = [self.pid]
        os.kill(self.pid, signal.SIGSTOP)
        for pid in _children(self.pid):
            self._paused.append(pid)
            REAPER.adopt(pid)  # killed or not, a stopped process would outlive its postmaster
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT to those that `pause` has stopped."""
        paused, self._paused = self._paused, []
        for pid in reversed(paused):  # the postmaster last
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        for pid in paused[1:]:
            REAPER.forget(pid)

    @property
    def pid(self) -> int:
        """Of the process that has all of its others as children."""
        if self._running is None:
            raise ProcessFailedError("PostgreSQL is not running: start() it first")
        return self._running.pid

    @property
    def recoveries(self) -> int:
        """How often it has come up after a crash, by its own log."""
        return self._log.read_text(errors="replace").count("automatic recovery in progress")

    def _is_ready(self) -> bool:
        command = [str(self._binaries / "pg_isready"), "-q", "-h", HOST, "-p", str(self._port)]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - found above

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - a program of PostgreSQL, found above
                [self._binaries / program, *arguments],
                user=self._user,
                extra_groups=None if self._user is None else (),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


def _children(pid: int) -> list[int]:
    listed = ["ps", "-A", "-o", "pid=,ppid="]  # as POSIX has it, for Linux and macOS alike
    told = subprocess.run(listed, check=True, capture_output=True, text=True)  # noqa: S603 - constant
    pairs = (line.split() for line in told.stdout.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


def _places() -> Iterator[Path]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder)
    if pg_config := shutil.which("pg_config"):
        asked = [pg_config, "--bindir"]
        told = subprocess.run(asked, check=False, capture_output=True, text=True)  # noqa: S603 - as found
        yield Path(told.stdout.strip())
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=_version, reverse=True)


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.parent.name)]


def _is_complete(folder: Path) -> bool:
    programs = ("initdb", "postgres", "pg_isready")
    return all(os.access(folder / program, os.X_OK) for program in programs)


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
