"""`python -m bench.calls`: microseconds of CPU per call, for each way, side by side.

python -m bench.calls --at-once 32 --calls 4000 --rounds 5
python -m bench.calls --profile "Upstream.send, lean"
"""

import argparse
import asyncio
import cProfile
import gc
import platform
import pstats
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

import uvloop

from bench.calls.ways import WAYS, OneCall

SLOW: Final = 10
"""Ways through httpx make so many times fewer calls: they cost that much more, and a round of each
should take about as long."""


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.calls", description=__doc__)
    parser.add_argument("--at-once", type=int, default=32, help="calls at once, and connections")
    parser.add_argument("--calls", type=int, default=4000, help="calls of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, the ways taking turns")
    parser.add_argument("--only", default="", help="the ways whose names contain this")
    parser.add_argument("--profile", action="store_true", help="profile them instead")
    given = parser.parse_args()
    ways = [name for name in WAYS if given.only in name]
    with _upstream() as port:
        if given.profile:
            for name in ways:
                _profile(name, port, given.at_once, given.calls)
            return
        costs: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(given.rounds):
            for name in ways:
                costs[name].append(_round(name, port, given.at_once, given.calls))
    _show(costs)


def _show(costs: dict[str, list[float]]) -> None:
    print(f"Python {platform.python_version()}, uvloop {version('uvloop')}; µs of CPU per call")
    print(f"{'way':34} {'median':>7} {'least':>7} {'most':>7}")
    for name, found in costs.items():
        print(f"{name:34} {statistics.median(found):7.1f} {min(found):7.1f} {max(found):7.1f}")


def _round(name: str, port: int, at_once: int, calls: int) -> float:
    """CPU time per call, in microseconds, once the connections are open."""

    async def measure() -> float:
        enough = calls // SLOW if "httpx" in name else calls
        async with WAYS[name](port, at_once) as call:
            await _calls(call, at_once, at_once * 4)
            gc.collect()
            gc.freeze()  # this and the next as orchestrator/memory.py does it
            gc.set_threshold(10_000)
            began = time.process_time()
            await _calls(call, at_once, enough)
            return (time.process_time() - began) / enough * 1e6

    return uvloop.run(measure())


def _profile(name: str, port: int, at_once: int, calls: int) -> None:
    profile = cProfile.Profile(time.process_time)  # what others use of the machine is not ours

    async def measure() -> None:
        async with WAYS[name](port, at_once) as call:
            await _calls(call, at_once, at_once * 4)
            profile.enable()
            await _calls(call, at_once, calls)
            profile.disable()

    uvloop.run(measure())
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


async def _calls(call: OneCall, at_once: int, calls: int) -> None:
    async def some() -> None:
        for _ in range(calls // at_once):
            await call()

    await asyncio.gather(*(some() for _ in range(at_once)))


@contextmanager
def _upstream() -> Iterator[int]:
    """The upstream as a process of its own; gives its port."""
    command = [sys.executable, "-m", "bench.calls.upstream"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise OSError("the upstream has no pipes")
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


if __name__ == "__main__":
    main()
