"""What one replica can do: measured by `python -m bench.scaling measure`, kept in capacity.json."""

import asyncio
import datetime as dt
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench import cpu
from bench.load import Tally, Target, Window, closed_loop
from bench.stage import Stage
from bench.systems import OURS

FILE: Final = Path(__file__).parent / "capacity.json"

CUSTOMERS: Final = 16
"""Enough to keep one core busy all the time; half of MAX_IN_FLIGHT, so that nobody is refused."""

ROUNDS: Final = 3
"""Of which the one in the middle counts."""

_WINDOW: Final = Window(warm_up_s=2.0, seconds=5.0)
"""Five seconds are thousands of orders; a round more tells more than a second more."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """One replica on one core, its upstreams as cheap as can be, on another."""

    orders_per_s: float
    """With its core busy."""
    cpu_ms: float
    """CPU of one order."""
    latency_ms: float
    """Of one customer alone: what an order takes where nobody else is."""
    machine: str
    date: str
    load_average: float
    """Of the minute before: what else ran. The CPU of an order hardly depends on it, orders_per_s
    does."""
    command: str = "python -m bench.scaling measure"

    @property
    def cpu_s(self) -> float:
        """CPU seconds of one order."""
        return self.cpu_ms / 1000


def kept() -> Capacity:
    """The figures of the last measurement."""
    return Capacity(**json.loads(FILE.read_text(encoding="utf-8")))


def keep(capacity: Capacity) -> None:
    """Write them down."""
    FILE.write_text(json.dumps(asdict(capacity), indent=2) + "\n", encoding="utf-8")


def measure() -> Capacity:
    """Start a replica and its upstreams, and order as fast as they can."""
    before = os.getloadavg()[0]
    with Stage() as stage:
        replica = stage.system(OURS, stage.upstreams(), {"LOG_LEVEL": "info"})

        def run(customers: int) -> Tally:
            loop = closed_loop(
                Target(replica.url),
                lambda: cpu.used_s([replica.pid]),
                _WINDOW,
                connections=customers,
            )
            return asyncio.run(loop)

        alone = run(1)
        busy = [run(CUSTOMERS) for _ in range(ROUNDS)]
    return Capacity(
        orders_per_s=round(median(tally.per_s for tally in busy), 1),
        cpu_ms=round(median(tally.cpu_ms for tally in busy), 3),
        latency_ms=round(alone.percentile_ms(0.5), 2),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        load_average=round(before, 2),
    )
