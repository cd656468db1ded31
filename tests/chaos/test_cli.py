"""What makes no sense is refused before anything is started."""

import subprocess
import sys
from pathlib import Path

from testbed.folders import ROOT


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    """A run is kept in a folder of its own."""
    (tmp_path / "mine").touch()
    command = [sys.executable, "-m", "chaos", "--keep", str(tmp_path)]
    told = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)

    assert 2 == told.returncode
    assert "--keep needs a folder that is empty" in told.stderr


def test_one_replica_is_too_few() -> None:
    """What a replica leaves behind, another must finish."""
    command = [sys.executable, "-m", "chaos", "--replicas", "1"]
    told = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)

    assert 2 == told.returncode
    assert "--replicas must be at least 2" in told.stderr
