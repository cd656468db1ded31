"""What processes have used, as Linux counts it, and which core they may use."""

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_AT_START: Final = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
"""The unit of /proc: 10 ms. A window of four seconds on one core is 400 of them."""

_PARENT: Final = 1
_TIMES: Final = slice(11, 15)
"""Places in /proc/PID/stat behind the name in brackets: the parent; user and system time of all
threads, then those of the children that have ended."""


def available() -> bool:
    """Whether this system has /proc and lets a process be tied to a core."""
    return Path("/proc/self/stat").exists() and hasattr(os, "sched_setaffinity")


def cores() -> list[int]:
    """The cores this program may use, whatever it has tied itself to since it began."""
    return sorted(_AT_START)


def service_core() -> int:
    """The one on which what is measured runs."""
    return cores()[0]


def other_core() -> int:
    """The one on which everything else runs: load generator and upstreams."""
    return cores()[-1]


@contextlib.contextmanager
def on(*chosen: int) -> Iterator[None]:
    """What is started inside it may use these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def used_s(pids: Iterable[int]) -> float:
    """CPU seconds, user and system, of these processes and of all that they have started."""
    return sum(sum(map(int, _stat(pid)[_TIMES])) for pid in with_children(pids)) * _TICK_S


def with_children(pids: Iterable[int]) -> list[int]:
    """These processes, their children, and theirs."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        children[int(_stat(pid)[_PARENT])].append(pid)
    found = list(pids)
    for pid in found:  # grows on the way
        found += children[pid]
    return found


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # it has ended in between
        return ["0"] * _TIMES.stop
    return text.rpartition(")")[2].split()


def resident_mib(pid: int) -> float:
    """Memory that the process has in RAM, in MiB."""
    return _memory_mib(pid, "VmRSS:")


def peak_mib(pid: int) -> float:
    """The most it ever had."""
    return _memory_mib(pid, "VmHWM:")


def _memory_mib(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
