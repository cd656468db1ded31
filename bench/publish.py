"""Where a whole run ends up: its rounds as JSON, its tables in the page, its plots beside it."""

import subprocess
import sys
from typing import Final

from bench.page import put_into
from bench.results import Results
from bench.systems import BENCH_PYTHON, no_bench_packages
from testbed.folders import ROOT

LATEST: Final = ROOT / "bench/results/latest.json"
PAGE: Final = ROOT / "docs/performance.md"
PLOTS: Final = ROOT / "docs/performance"


def publish(results: Results) -> None:
    """Write everything; the plots only where matplotlib is."""
    LATEST.parent.mkdir(exist_ok=True)
    results.write(LATEST)
    put_into(PAGE, results)
    if why := no_bench_packages():
        sys.stderr.write(f"no plots were drawn: {why}\n")
        return
    # In the other environment, so that what measures needs no more than what is measured.
    command = (str(BENCH_PYTHON), "-m", "bench.plots", str(LATEST), str(PLOTS))
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603 - our own
