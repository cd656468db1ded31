"""`python -m proof.mutants`: every mutant must be caught by the matrix."""

import argparse
import os
import sys
import time
from collections.abc import Sequence

# Imported once, here, so that the children that are forked need not: it is most of their start.
import fastapi_offline
import httpx
import prometheus_client
import pydantic_settings
import tenacity.asyncio

from proof.mutants.published import page
from proof.mutants.table import MUTANTS
from proof.mutants.trial import Verdict, trials

_PRELOADED = (fastapi_offline, httpx, prometheus_client, pydantic_settings, tenacity.asyncio)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try them; 1 when one survives."""
    given = _parser().parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if given.only in mutant.name]
    began = time.monotonic()
    verdicts = [_said(verdict) for verdict in trials(chosen, given.jobs)]
    caught = [verdict for verdict in verdicts if verdict.case is not None]
    print(f"{len(caught)} of {len(chosen)} caught, {time.monotonic() - began:.0f} s")
    if given.write is not None:
        given.write.write(page(chosen, verdicts))
    return 0 if len(caught) == len(chosen) else 1


def _said(verdict: Verdict) -> Verdict:
    how = f"{verdict.case}: {verdict.broken}" if verdict.case else "SURVIVED"
    print(
        f"{'✓' if verdict.case else '✗'} {verdict.mutant} ({verdict.runs} runs): {how}", flush=True
    )
    return verdict


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.mutants", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="those with TEXT in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--write", type=argparse.FileType("w"), metavar="FILE", help="publish")
    return parser


if __name__ == "__main__":
    sys.exit(main())
