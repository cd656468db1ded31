"""Leaves nothing behind, even when the program that started the processes is itself killed.

One small process per program waits for the end of its standard input, which the system closes
however the program ends, SIGKILL included. It then kills every process group and removes every
folder it was told of and not told to forget. (Linux could do it with PR_SET_PDEATHSIG, but that
needs code between fork and exec, which is not safe in a program with threads, and it fires when
the *thread* that started the process ends.)
"""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

REMOVAL_BOUND_S = 5  # a process that was sent SIGKILL is gone in milliseconds


class Reaper:
    """Tells the waiting process what there is to clean up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def adopt(self, group: int) -> None:
        """Kill this process group when this program ends."""
        self._tell(f"+group {group}")

    def forget(self, group: int) -> None:
        """The process group has ended and its number may be given to another."""
        self._tell(f"-group {group}")

    def adopt_folder(self, folder: Path) -> None:
        """Remove this folder when this program ends."""
        self._tell(f"+folder {folder}")

    def forget_folder(self, folder: Path) -> None:
        """The folder is gone."""
        self._tell(f"-folder {folder}")

    def _tell(self, line: str) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):
            print(line, file=self._input(), flush=True)

    def _input(self) -> IO[str]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own file, by our own Python
                [sys.executable, "-I", __file__],
                stdin=subprocess.PIPE,
                start_new_session=True,  # a Ctrl-C in the terminal is not for it
                text=True,
            )
            atexit.register(self._end, self._process)
        if self._process.stdin is None:
            raise AssertionError("the reaper was started without an input")
        return self._process.stdin

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        process.wait()


def reap(lines: IO[str]) -> None:
    """Read what there is until the end of `lines`, then remove what is left of it."""
    left: dict[str, set[str]] = {"group": set(), "folder": set()}
    for line in lines:
        kind, _, value = line.rstrip("\n").partition(" ")
        if kind.startswith("+"):
            left[kind[1:]].add(value)
        else:
            left[kind[1:]].discard(value)
    for group in left["group"]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(int(group), signal.SIGKILL)
    for folder in left["folder"]:
        _remove(Path(folder))


def _remove(folder: Path) -> None:
    """Remove a folder in which a dying process may still be writing its last file."""
    give_up_at = time.monotonic() + REMOVAL_BOUND_S
    while folder.exists() and time.monotonic() < give_up_at:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    reap(sys.stdin)
