"""A storm of any length: `python -m tests.storm --seconds 120 --seed 7`."""

import argparse
import asyncio
import secrets
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from chaos.plan import Plan
from testbed.folders import temporary_folder
from testbed.postgres import find_binaries, private_postgres
from tests.storm.report import Result
from tests.storm.storm import storm


def main() -> int:
    """Run it; 0 when nothing was violated and it was a storm."""
    given = _arguments()
    for seed in range(given.seed, given.seed + given.times):
        result = _run(seed, given)
        missing = result.missing()
        for what in missing:
            sys.stdout.write(f"too little of a storm: {what}\n")
        sys.stdout.flush()
        if result.violations or missing:
            return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it rages")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument(
        "--times", type=int, default=1, help="so many, with seeds one after another"
    )
    parser.add_argument("--postgres", action="store_true", help="instead of SQLite")
    parser.add_argument("--keep", type=Path, help="where logs and storage are to stay")
    return parser.parse_args()


def _run(seed: int, given: argparse.Namespace) -> Result:
    with ExitStack() as stack:
        temporary = stack.enter_context(temporary_folder())
        folder = temporary if given.keep is None else given.keep / str(seed)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        binaries = find_binaries() if given.postgres else None
        if given.postgres and binaries is None:
            sys.exit("PostgreSQL's initdb and postgres were not found")
        url = stack.enter_context(private_postgres(binaries)) if binaries else None
        plan = Plan(seed, given.seconds, postgres=given.postgres)
        result = asyncio.run(storm(plan, folder, url))
        sys.stdout.write(result.text() + "\n")  # now, while its logs are there
        return result


if __name__ == "__main__":
    sys.exit(main())
