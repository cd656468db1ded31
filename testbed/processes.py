"""One program as a real process: start, kill, pause, resume, stop."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testbed.folders import REAPER, ROOT
from testbed.ports import HOST

START_BOUND_S = 30.0
"""A process is up in one or two seconds; a busy machine with two cores may take ten."""

STOP_BOUND_S = 20.0
"""How long a process may take to stop by itself after SIGTERM, its orders finished."""

POLL_S = 0.02  # how often a condition is looked at; short, since people wait for the sum

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT", "VIRTUAL_ENV")
"""What a program gets of our environment. Never a *_URL or a setting: those are given, or not."""


class ProcessFailedError(Exception):
    """A process did not start, or did not stop; the text ends with the last lines it wrote."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it is up."""

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    ready_path: str = "/readyz"


def order_replica(name: str, port: int, settings: Mapping[str, str]) -> Program:
    """One replica of the order service."""
    server = ("-m", "uvicorn", "app:app", "--host", HOST, "--port", str(port))
    return Program(name, (sys.executable, *server), settings, f"http://{HOST}:{port}")


def reference_upstream(name: str, port: int, settings: Mapping[str, str]) -> Program:
    """One of the four reference upstreams: database, inventory, payment or shipping."""
    service = ("-m", "services", name, "--host", HOST, "--port", str(port))
    return Program(name, (sys.executable, *service), settings, f"http://{HOST}:{port}")


def answers(url: str, *, timeout_s: float = 1.0) -> bool:
    """Whether a GET of this address is answered with 200 now."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=timeout_s)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


class Process:
    """A program's process: its own process group, its output in a file, dead when we are.

    One `Process` may run the same program many times over, on the same port, after each other.
    """

    def __init__(self, program: Program, folder: Path, *, working: Path | None = None) -> None:
        self.program = program
        # Not the project's root, unless asked for: the .env there is a developer's own.
        self.working = working or folder
        self.log = folder / f"{program.name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """What it is called in texts."""
        return self.program.name

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return self.program.url

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._process().pid

    @property
    def alive(self) -> bool:
        """Whether it runs; a paused one does."""
        return self._running is not None and self._running.poll() is None

    def start(self, *, wait: bool = True, settings: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it is ready.

        Args:
            wait: False to go on at once, for starting several together; then `wait_ready`.
            settings: Instead of the program's own, this time.

        Raises:
            ProcessFailedError: It ended, or was not ready within START_BOUND_S.
        """
        if self.alive:
            raise ProcessFailedError(f"{self.name} is already running (pid {self.pid})")
        chosen = self.program.settings if settings is None else settings
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603 - the command is built in this file
                self.program.command,
                cwd=self.working,
                env=_environment(chosen),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its own group; a Ctrl-C in the terminal is not for it
            )
        REAPER.adopt(self._running.pid)
        if wait:
            self.wait_ready()

    def wait_ready(self, *, bound_s: float = START_BOUND_S) -> None:
        """Return when it answers 200 at its readiness address.

        Raises:
            ProcessFailedError: It ended, or was not ready within `bound_s` seconds.
        """
        give_up_at = time.monotonic() + bound_s
        while not answers(self.url + self.program.ready_path):
            if not self.alive:
                code = self._process().returncode
                self._ended()
                raise ProcessFailedError(self._told(f"ended at its start with exit code {code}"))
            if time.monotonic() > give_up_at:
                raise ProcessFailedError(self._told(f"was not ready within {bound_s:g} s"))
            time.sleep(POLL_S)

    def kill(self) -> None:
        """SIGKILL to the whole group: gone between two instructions, as in a power cut."""
        if self.alive:
            self._signal(signal.SIGKILL)
            self._process().wait()
        self._ended()

    def pause(self) -> None:
        """SIGSTOP: it is there and answers nothing, as in a long swap or a stalled disk."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on where it stood, unaware of the time."""
        self._signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """SIGTERM: finish what is under way, then end."""
        if self.alive:
            self.resume()
            self._process().terminate()

    def terminate(self, *, bound_s: float = STOP_BOUND_S) -> int:
        """Ask it to end, wait, and return the exit code (negative: died of that signal).

        Raises:
            ProcessFailedError: It was still there after `bound_s` seconds, and was killed.
        """
        self.ask_to_end()
        try:
            code = self._process().wait(bound_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailedError(self._told(f"did not stop within {bound_s:g} s")) from None
        self._ended()
        return code

    def restart(self, *, settings: Mapping[str, str] | None = None) -> None:
        """SIGKILL if it runs, then start it anew on the same port."""
        self.kill()
        self.start(settings=settings)

    def tail(self, lines: int = 20) -> str:
        """The last lines it wrote."""
        written = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(written.splitlines()[-lines:])

    def _told(self, what: str) -> str:
        return f"{self.name} {what}. The last it wrote:\n{self.tail() or '(nothing)'}"

    def _process(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            raise ProcessFailedError(f"{self.name} is not running: start() it first")
        return self._running

    def _signal(self, number: signal.Signals) -> None:
        os.killpg(self._process().pid, number)

    def _ended(self) -> None:
        if self._running is not None:
            # Its children, if it left any, are in its group still.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._running.pid, signal.SIGKILL)
            REAPER.forget(self._running.pid)
            self._running = None


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return inherited | ours | dict(settings)
