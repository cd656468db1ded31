"""Measure what an operation of the database service costs, from a thousand orders to a million."""

import argparse
import os
import sys
from pathlib import Path

import uvloop

from bench.storage.measure import Cost, measure
from bench.storage.operations import operations
from bench.storage.preload import preload, settle
from bench.storage.report import tables
from bench.storage.scene import ENGINES, Scene, scene

SIZES = (1_000, 10_000, 100_000, 1_000_000)


def main() -> int:
    """Measure, show, write; return the exit code."""
    asked = _arguments()
    costs = {}
    for engine in asked.engine or ENGINES:
        with scene(engine) as here:
            there = 0
            for size in sorted(asked.orders or SIZES):
                preload(here.database_url, there, size)
                settle(here.database_url)
                there = size
                costs[engine, size] = uvloop.run(_measure(here, size, asked.operations))
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    text = f"{tables(costs)}\nLoad of the machine at the end (1, 5, 15 minutes): {load}.\n"
    sys.stdout.write(text)
    if asked.write:
        asked.write.write_text(text)
    return 0


async def _measure(here: Scene, size: int, count: int) -> list[Cost]:
    found = []
    for operation in operations(size, run=str(size)):
        found.append(await measure(here, operation, round(count * operation.share)))
        sys.stderr.write(f"{here.database_url.partition(':')[0]} {size}: {found[-1]}\n")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.storage", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="may be repeated")
    parser.add_argument(
        "--orders", action="append", type=int, metavar="N", help="orders there; may be repeated"
    )
    parser.add_argument(
        "--operations", type=int, default=5_000, help="of each kind (5000), claims a tenth"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables there as well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
