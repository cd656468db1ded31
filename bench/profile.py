"""Where the time of an order goes: a flame graph of a replica under load.

    python -m bench.profile --into docs/performance/flame-after.svg
    python -m bench.profile --tree ../before --into docs/performance/flame-before.svg

py-spy looks at the process from outside and changes nothing of it. It comes with
requirements-bench.txt.
"""

import argparse
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from bench import cpu
from bench.load import Tally, Target, Window, closed_loop
from bench.run import CONNECTIONS
from bench.stage import Stage
from bench.systems import BENCH_PYTHON, OURS, no_bench_packages
from testbed.folders import ROOT

_RATE_HZ: Final = 200
"""Samples a second: four thousand in twenty seconds show what costs a thousandth."""

_TITLE: Final = re.compile(r'(<text id="title"[^>]*>)[^<]*(</text>)')

_MISUSED: Final = 2


def main() -> int:
    """Draw the graph the command line asks for; return the exit code."""
    asked = _arguments()
    if why := no_bench_packages():
        sys.stderr.write(f"py-spy is needed: {why}\n")
        return _MISUSED
    tally = profile(asked.tree.resolve(), asked.into, asked.seconds)
    told = f"{tally.orders} orders in {tally.seconds:.0f} s, {tally.cpu_ms:.2f} ms CPU each"
    entitle(asked.into, told)
    print(told)
    return 0


def entitle(graph: Path, title: str) -> None:
    """Replace the title, which is the sampler's command line with the paths of this machine."""
    text = graph.read_text(encoding="utf-8")
    graph.write_text(_TITLE.sub(rf"\g<1>{title}\g<2>", text), encoding="utf-8")


def profile(tree: Path, into: Path, seconds: int) -> Tally:
    """Saturate the order service of this tree and draw where it spends its time.

    Raises:
        subprocess.CalledProcessError: The sampler was not allowed to look.
    """
    with Stage() as stage:
        process = stage.system(OURS, stage.upstreams(), {"PYTHONPATH": str(tree)})
        target, window = Target(process.url), Window(warm_up_s=1, seconds=seconds + 1, at_least=1)
        used = partial(cpu.used_s, [process.pid])
        with subprocess.Popen(_sampler(process.pid, into, seconds)) as sampler:  # noqa: S603 - ours
            tally = uvloop.run(closed_loop(target, used, window, connections=CONNECTIONS))
        if sampler.returncode:
            raise subprocess.CalledProcessError(sampler.returncode, "py-spy")
    return tally


def _sampler(pid: int, into: Path, seconds: int) -> list[str]:
    program = str(BENCH_PYTHON.parent / "py-spy")
    # By function: by line the graph of an order falls into slivers.
    what = ["record", "--pid", str(pid), "--function", "--format", "flamegraph"]
    how = ["--rate", str(_RATE_HZ), "--duration", str(seconds), "--output", str(into)]
    return [program, *what, *how]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, metavar="SVG", help="where it goes")
    parser.add_argument("--tree", type=Path, default=ROOT, help="a checkout (default: this one)")
    parser.add_argument("--seconds", type=int, default=20, help="how long to look (default: 20)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
