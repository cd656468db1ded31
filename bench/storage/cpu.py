"""How much processor time processes have used, read from /proc (Linux)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _CHILDREN_SYSTEM = 1, 11, 14
"""Fields of /proc/PID/stat, counted from behind the name."""


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time of a process and all its children, ended or not."""
    return sum(_own_s(each) for each in (pid, *_children(pid)))


def _own_s(pid: int) -> float:
    fields = _stat(pid)
    if not fields:
        return 0.0
    # Its own user and system time, and those of its children that have ended.
    return sum(map(int, fields[_USER : _CHILDREN_SYSTEM + 1])) / _TICKS_PER_S


def _children(pid: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields and int(fields[_PARENT]) == pid:
            yield int(folder.name)


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it has ended meanwhile
        return []
    return text.rpartition(")")[2].split()
