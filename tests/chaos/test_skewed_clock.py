"""A skewed clock is wrong for Python code, by so much, and right for what measures spans."""

import datetime as dt
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from testbed.folders import ROOT

_PROGRAM: Final = """
import json, time
from datetime import date, datetime, timezone
utc = timezone.utc
print(json.dumps({
    "time": time.time(),
    "time_ns": time.time_ns() / 1e9,
    "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME),
    "gmtime": datetime(*time.gmtime()[:6], tzinfo=utc).timestamp(),
    "now": datetime.now(utc).timestamp(),
    "utcnow": datetime.utcnow().replace(tzinfo=utc).timestamp(),
    "today": datetime.today().timestamp(),
    "monotonic": time.monotonic(),
    "date": date.today().isoformat(),
    "is_datetime": isinstance(datetime.fromisoformat("2026-01-01"), datetime),
}))
"""


def _clocks_of(folder: Path, shift_s: float) -> dict[str, object]:
    (folder / "clocks.py").write_text(_PROGRAM)
    command = [sys.executable, "-m", "chaos.skewed_clock", str(shift_s), "clocks"]
    environment = {"PYTHONPATH": f"{ROOT}:{folder}", "TZ": "UTC"}
    told = subprocess.run(command, check=True, capture_output=True, env=environment, cwd=folder)
    clocks: dict[str, object] = json.loads(told.stdout)
    return clocks


@pytest.mark.parametrize("shift_s", [-10_800.0, 86_400.0])
def test_every_wall_clock_is_shifted_and_the_steady_one_is_not(
    tmp_path: Path, shift_s: float
) -> None:
    """Whichever way a program asks for the time of day, it is told the same wrong one."""
    before, steady_before = time.time(), time.monotonic()
    clocks = _clocks_of(tmp_path, shift_s)
    after, steady_after = time.time(), time.monotonic()
    wall = [name for name in clocks if name not in {"monotonic", "date", "is_datetime"}]
    wrong = {
        name: clocks[name]
        for name in wall
        if not before + shift_s - 1 <= float(str(clocks[name])) <= after + shift_s
    }

    assert {} == wrong
    assert steady_before <= float(str(clocks["monotonic"])) <= steady_after
    assert str(clocks["date"]) in {
        dt.datetime.fromtimestamp(moment + shift_s, dt.UTC).date().isoformat()
        for moment in (before, after)
    }
    assert clocks["is_datetime"]
