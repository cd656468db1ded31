"""`python -m chaos --seconds 60 --replicas 3 --postgres`: exit code 0 when nothing was violated."""

import argparse
import asyncio
import secrets
import sys
from contextlib import ExitStack
from pathlib import Path

from chaos.plan import CUSTOMERS, Plan
from chaos.report import Result
from chaos.run import run
from testbed.folders import temporary_folder
from testbed.postgres import find_binaries, private_server

_VIOLATED = 1
_INTERRUPTED = 130  # as a shell has it for SIGINT


def main() -> int:
    """Run what the command line asks for; print the figures and whatever was found."""
    given = _arguments()
    plan = Plan(given.seed, given.seconds, given.replicas, given.postgres, given.customers)
    sys.stdout.write(f"chaos: seed {plan.seed}, {plan.seconds:g} s, {plan.storage} …\n")
    sys.stdout.flush()
    try:
        result = _run(plan, given.keep)
    except KeyboardInterrupt:
        sys.stderr.write("chaos: interrupted; everything is stopped and removed\n")
        return _INTERRUPTED
    return 0 if result.good else _VIOLATED


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long things break")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--replicas", type=int, default=3, help="of the order service, at least 2")
    parser.add_argument("--postgres", action="store_true", help="instead of SQLite")
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="who order at once")
    parser.add_argument("--keep", type=Path, help="where logs, storage and report are to stay")
    given = parser.parse_args()
    if given.replicas < 2:  # noqa: PLR2004 - what one leaves another must take
        parser.error("--replicas must be at least 2: what one leaves behind, another must finish")
    if given.postgres and find_binaries() is None:
        parser.error("PostgreSQL's initdb and postgres were not found")
    if given.keep is not None and given.keep.exists() and any(given.keep.iterdir()):
        parser.error("--keep needs a folder that is empty, or not there yet")
    return given


def _run(plan: Plan, keep: Path | None) -> Result:
    with ExitStack() as stack:
        folder = keep or stack.enter_context(temporary_folder())
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        binaries = find_binaries() if plan.postgres else None
        server = stack.enter_context(private_server(binaries)) if binaries else None
        result = asyncio.run(run(plan, folder, server))
        if keep is not None:
            result.keep(keep)
        sys.stdout.write(result.text() + "\n")  # now, while its logs are there
        return result


if __name__ == "__main__":
    sys.exit(main())
