"""One run: how long everything takes, what it measures with, and where the figures go."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import uvloop

from bench import cpu
from bench.load import Tally, Target, Window, WrongAnswerError, closed_loop, open_loop
from bench.results import Results
from testbed.processes import ProcessFailedError

CONNECTIONS: Final = 32
"""Orders in flight in the main comparison: enough to saturate a core, and what a replica takes in
by default."""


@dataclass(frozen=True)
class Pace:
    """How often, how long, and whether anything that needs installing takes part."""

    rounds: int
    window: Window
    connections: int = CONNECTIONS
    smoke: bool = False


FULL: Final = Pace(rounds=7, window=Window(warm_up_s=0.4, seconds=1.4, at_least=20))
"""140 ticks of CPU time are a figure good to one per cent. On shared machines disturbances last for
seconds and cost a large program a third more and a small one nothing: of seven rounds three may be
disturbed, so that many short ones tell more than three long ones did."""

SMOKE: Final = Pace(
    rounds=1,
    window=Window(warm_up_s=0.05, seconds=0.1, at_least=4),
    connections=4,
    smoke=True,
)
"""Long enough for each part to take some orders; its figures mean nothing."""


class Run:
    """Measures, says what it measured, and keeps it."""

    def __init__(self, results: Results, pace: Pace) -> None:
        self.results = results
        self.pace = pace

    def closed(
        self,
        target: Target,
        pids: Sequence[int],
        *,
        connections: int | None = None,
        window: Window | None = None,
    ) -> Tally:
        """Saturate it by so many customers who wait for their answers."""
        window = window or self.pace.window
        used = partial(cpu.used_s, pids)
        return uvloop.run(
            closed_loop(target, used, window, connections=connections or self.pace.connections)
        )

    def open(self, target: Target, pids: Sequence[int], *, rate: float) -> Tally:
        """Send it so many orders a second, whatever becomes of them."""
        used = partial(cpu.used_s, pids)
        return uvloop.run(open_loop(target, used, self.pace.window, rate=rate))

    def note(self, table: str, row: str, tally: Tally, **more: float) -> None:
        """Keep what every loop tells, and more."""
        figures = {
            "cpu_ms": tally.cpu_ms,
            "per_s": tally.per_s,
            "p50_ms": tally.percentile_ms(0.5),
            "p99_ms": tally.percentile_ms(0.99),
            **more,
        }
        self.keep(table, row, figures)

    def keep(self, table: str, row: str, figures: dict[str, float]) -> None:
        """Keep figures and show them."""
        self.results.add(table, row, figures)
        shown = "  ".join(f"{name} {value:.3g}" for name, value in figures.items())
        print(f"{table:<12} {row:<36} {shown}", flush=True)

    def skip(self, name: str, why: str) -> None:
        """It is not here to be measured: said at once and again in the results."""
        line = f"{name}: {why}"
        if line not in self.results.skipped:
            self.results.skipped.append(line)
            print(f"skipped      {line}", flush=True)

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """A figure that could not be had is told and fails the run at its end, not the others."""
        try:
            yield
        except (WrongAnswerError, ProcessFailedError) as error:
            line = f"{what}: {error}"
            self.results.failures.append(line)
            sys.stderr.write(f"✗ {line}\n")
