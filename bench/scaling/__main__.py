"""Simulate how the chart's autoscaler follows a load, or measure what one replica can do.

`simulate` prints what each choice comes to; --write puts that into a page, --draw draws the chart's
own choices as SVG (that needs requirements-bench.txt). `measure` writes capacity.json, from which
everything else is computed.
"""

import argparse
import sys
from pathlib import Path

from bench.scaling.capacity import keep, kept, measure
from bench.scaling.chart import read_chart
from bench.scaling.choices import compare, own
from bench.scaling.page import comparison, sizing, write
from bench.scaling.plot import draw
from bench.scaling.traces import TRACES


def main() -> int:
    """Do what the command line asks for."""
    asked = _arguments()
    if asked.what == "measure":
        capacity = measure()
        keep(capacity)
        sys.stdout.write(f"{capacity}\n")
        return 0
    capacity, chart = kept(), read_chart()
    lines = [*sizing(capacity, chart), "", *comparison(compare(capacity, chart))]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if asked.write:
        write(asked.write, lines)
    if asked.draw:
        asked.draw.mkdir(parents=True, exist_ok=True)
        for trace in TRACES:
            draw(trace, own(capacity, chart, trace), asked.draw / f"{trace.name}.svg")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("what", choices=("simulate", "measure"), nargs="?", default="simulate")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="put the pictures there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
