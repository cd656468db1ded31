"""Where and how the figures came about: machine, versions, commit, load beforehand."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bench.systems import BENCH_PYTHON
from testbed.folders import ROOT
from testbed.postgres import find_binaries

_OURS: Final = ("fastapi", "uvicorn", "uvloop", "httptools", "httpx", "pydantic", "tenacity")
_PEERS: Final = ("aiohttp", "dbos")

_BUSY: Final = 1.0
"""Load of the last minute above which somebody else is at work on the machine."""


def about(command: str) -> dict[str, Any]:
    """Everything that one must know to believe a figure."""
    load = os.getloadavg()[0]
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command,
        "commit": _told("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {platform.system()}",
        "load_before": round(load, 2),
        "quiet": load < _BUSY,
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {"Python": f"{platform.python_version()} ({_pace()})"}
    found |= {name: metadata.version(name) for name in _OURS}
    if BENCH_PYTHON.exists():
        asked = f"import importlib.metadata as m; print(*map(m.version, {_PEERS}))"
        told = _told(str(BENCH_PYTHON), "-c", asked)
        found |= dict(zip(_PEERS, told.split(), strict=False))
    if shutil.which("node"):
        found["Node"] = _told("node", "--version").lstrip("v")
    if shutil.which("go"):
        found["Go"] = _told("go", "env", "GOVERSION").removeprefix("go")
    if binaries := find_binaries():
        found["PostgreSQL"] = _told(str(binaries / "postgres"), "--version").split()[2]
    return found


def _pace() -> str:
    """How fast this interpreter is.

    One that was built without its optimisations takes twice as long for whatever is written in
    Python, and no longer for what is written in C.
    """
    began = [time.process_time()]
    for _ in range(20):
        sum(range(100_000))
        began.append(time.process_time())
    best_s = min(after - before for before, after in pairwise(began))
    return f"{1000 * best_s:.2f} ms for sum(range(100_000))"


def _told(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own
    return done.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commanded(arguments: Sequence[str]) -> str:
    """The command line as it is typed, but for where the results go."""
    told = list(arguments)
    if "--into" in told:
        place = told.index("--into")
        del told[place : place + 2]
    return " ".join(["python -m bench", *told])
