"""Compare this service with a careful one and with one as tutorials write it, fault by fault.

Exits with 1 when this service lost anything, when a fault could not be measured, when the others do
not even work with nothing failing, or when they lost nothing.
"""

import argparse
import sys
from pathlib import Path

from bench.compare.faults import FAULTS
from bench.compare.measure import Cell, measure
from bench.compare.orchestrators import ALL
from bench.compare.report import Page, complaints, report


def main() -> int:
    """Measure, show, write; return the exit code."""
    asked = _arguments()
    faults = [fault for fault in FAULTS if asked.only in f"{fault.group}: {fault.title}"]
    chosen = [each for each in ALL if each.name in (asked.orchestrator or [each.name])]
    if not faults:
        sys.stderr.write(f"no fault has {asked.only!r} in its title; --list shows all\n")
        return 2
    if asked.list:
        sys.stdout.writelines(f"{fault.group}: {fault.title}\n" for fault in faults)
        return 0
    page = Page(asked.write) if asked.write else None
    sys.stderr.write(f"{len(faults)} faults on {len(chosen)} orchestrators\n")
    cells = measure(chosen, faults, _show)
    text = report(cells)
    sys.stdout.write(text)
    if page is not None:
        page.write(text)
    wrong = complaints(cells)
    sys.stderr.writelines(f"✗ {line}\n" for line in wrong)
    return 1 if wrong else 0


def _show(cell: Cell) -> None:
    name = cell.orchestrator.name
    sys.stderr.write(f"{name:<12} {cell.fault.group}: {cell.fault.title}: {cell.text}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    parser.add_argument("--only", default="", metavar="TEXT", help="faults with this in the title")
    parser.add_argument("--list", action="store_true", help="show the faults and end")
    parser.add_argument(
        "--orchestrator",
        action="append",
        choices=[each.name for each in ALL],
        help="measure this one only; may be repeated",
    )
    asked = parser.parse_args()
    if asked.write and (asked.only or asked.orchestrator):
        parser.error("--write is for the whole comparison: leave --only and --orchestrator out")
    return asked


if __name__ == "__main__":
    sys.exit(main())
