"""Crash all replicas, and see how fast fresh ones finish what is left, with new orders coming in.

Exits with 1 when the audit at the end finds anything, or a new order was not confirmed.
"""

import argparse
import os
import sys

from bench.drain.drain import Asked, drain


def main() -> int:
    """Measure and say; return the exit code."""
    asked = _arguments()
    drained = drain(asked)
    sys.stdout.writelines(f"{line}\n" for line in drained.lines())
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    sys.stdout.write(f"load of the machine at the end (1, 5, 15 minutes): {load}\n")
    good = all(status == 201 for status, _ in drained.beside.answers)  # noqa: PLR2004 - Created
    return 0 if good and not drained.violations else 1


def _arguments() -> Asked:
    parser = argparse.ArgumentParser(prog="python -m bench.drain", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000, help="left by the crash (10000)")
    parser.add_argument("--replicas", type=int, default=2, help="fresh ones (2)")
    parser.add_argument("--per-s", type=float, default=10, help="new orders a second (10)")
    parser.add_argument("--postgres", action="store_true", help="instead of SQLite")
    parser.add_argument("--alone-s", type=float, default=15, help="new orders without backlog (15)")
    parser.add_argument("--bound-s", type=float, default=900, help="give up after (900)")
    given = parser.parse_args()
    return Asked(
        orders=given.orders,
        replicas=given.replicas,
        per_s=given.per_s,
        postgres=given.postgres,
        alone_s=given.alone_s,
        bound_s=given.bound_s,
    )


if __name__ == "__main__":
    sys.exit(main())
