"""Faults of every kind between the replicas and upstreams that were written from the protocol."""

import gc
from pathlib import Path
from typing import Final

import pytest

from chaos.plan import Plan
from tests.storm.storm import storm

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
"""httpcore leaves a connection that is reset while it is being made to the garbage collector."""

_SECONDS: Final = 4.0
"""Long enough for every kind of fault. Longer storms, on PostgreSQL and with seeds of their own,
are run with `python -m tests.storm`; `python -m chaos` does the rest."""


async def test_nothing_is_lost_in_a_storm(tmp_path: Path) -> None:
    """Section 5 holds, and no upstream has cause to complain of how it is called."""
    result = await storm(Plan(seed=7, seconds=_SECONDS), tmp_path)
    gc.collect()  # sockets that httpcore lost in a reset are this test's, not the next one's
    missing = result.missing()
    if result.violations:
        pytest.fail(result.text(), pytrace=False)
    if missing:
        pytest.fail("\n".join(["too little of a storm:", *missing, result.text()]), pytrace=False)
