"""Plays every fault on every orchestrator."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from bench.compare.faults import Fault
from bench.compare.orchestrators import Orchestrator
from bench.compare.scene import NotMeasuredError, Outcome, Scene
from bench.compare.site import Site
from testbed.processes import ProcessFailedError
from testbed.stack import UPSTREAMS, Stack


@dataclass(frozen=True)
class Cell:
    """What one fault did to one orchestrator."""

    fault: Fault
    orchestrator: Orchestrator
    outcome: Outcome | None
    failure: str = ""
    """Why there is no outcome: the fault did not take place, or a program did not run."""

    @property
    def whole(self) -> bool:
        """Whether it was measured and the auditor found nothing."""
        return self.outcome is not None and not self.outcome.violations

    @property
    def text(self) -> str:
        """A tick, or what was lost."""
        if self.outcome is None:
            return f"not measured: {self.failure}"
        if not self.outcome.violations:
            return "✓"
        # The auditor knows rules that no sum tells of, such as a shipment with other items.
        return "; ".join(self.outcome.losses.phrases() or map(str, self.outcome.violations))


def measure(
    orchestrators: Sequence[Orchestrator], faults: Sequence[Fault], done: Callable[[Cell], None]
) -> list[Cell]:
    """Play the faults on each orchestrator, all orchestrators at the same time.

    Each has upstreams of its own. `done` is told of each cell, on whatever thread.
    """
    with ThreadPoolExecutor(len(orchestrators)) as threads:
        lists = threads.map(lambda each: _measure_one(each, faults, done), orchestrators)
        return [cell for cells in lists for cell in cells]


def _measure_one(
    orchestrator: Orchestrator, faults: Sequence[Fault], done: Callable[[Cell], None]
) -> list[Cell]:
    cells = []
    with Stack(replicas=(), proxied=UPSTREAMS) as stack, Site(stack, orchestrator) as site:
        for number, fault in enumerate(faults):
            cells.append(play(site, fault, f"row-{number}"))
            done(cells[-1])
    return cells


def play(site: Site, fault: Fault, name: str) -> Cell:
    """Let one fault befall some orders; `name` is their article's, and nobody else's."""
    try:
        scene = Scene(site, name, units=fault.units)
        try:
            fault.story(scene)
        finally:
            outcome = scene.end()
    except (NotMeasuredError, TimeoutError, ProcessFailedError, httpx.HTTPError) as failure:
        return Cell(fault, site.orchestrator, None, str(failure))
    return Cell(fault, site.orchestrator, outcome)
