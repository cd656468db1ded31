"""The main comparison: every system in turn, round after round, while the others stand idle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench import systems, whole
from bench.load import OR_REFUSED, Target, Window
from bench.run import Run
from bench.stage import Stage
from bench.systems import System
from bench.whole import WholeSystem

Chosen = Callable[[str], bool]
Candidate = TypeVar("Candidate", System, WholeSystem)


@dataclass(frozen=True)
class Contender:
    """One that is up."""

    name: str
    url: str
    pids: tuple[int, ...]


def services(run: Run, chosen: Chosen) -> None:
    """The order services alone, on upstreams that cost next to nothing; then at half their load."""
    with Stage() as stage:
        addresses = stage.upstreams()
        contenders = []
        for system in _present(run, systems.ALL, chosen):
            process = stage.system(system, addresses)
            contenders.append(Contender(system.name, process.url, (process.pid,)))
        _rounds(run, "services", contenders, run.pace.window)
        for each in contenders:
            _half_load(run, each)


def whole_systems(run: Run, chosen: Chosen) -> None:
    """Everything that it takes for an order to be durable."""
    with Stage() as stage:
        addresses = stage.upstreams()
        contenders = []
        for system in _present(run, whole.ALL, chosen):
            running = system.open(stage, addresses)
            contenders.append(Contender(system.name, running.url, running.pids))
        # The slowest finish ten orders a second: they are looked at for longer.
        _rounds(run, "whole", contenders, run.pace.window.longer(2))


def _present(run: Run, candidates: Sequence[Candidate], chosen: Chosen) -> list[Candidate]:
    """Those that were asked for and have here what they need."""
    present = []
    for candidate in candidates:
        if not chosen(candidate.name):
            continue
        if run.pace.smoke and (candidate.needs_more or candidate is systems.OURS_QUIET):
            continue
        if why := candidate.missing():
            run.skip(candidate.name, why)
        else:
            present.append(candidate)
    return present


def _rounds(run: Run, table: str, contenders: Sequence[Contender], window: Window) -> None:
    for _ in range(run.pace.rounds):
        for each in contenders:
            with run.attempt(each.name):
                run.note(table, each.name, run.closed(Target(each.url), each.pids, window=window))


def _half_load(run: Run, each: Contender) -> None:
    saturation = run.results.median("services", each.name, "per_s")
    if saturation is None:
        return
    # A replica that stumbles for a moment may refuse some: that is told, not hidden.
    target, rate = Target(each.url, expected=OR_REFUSED), saturation / 2
    with run.attempt(f"{each.name} at half load"):
        tally = run.open(target, each.pids, rate=rate)
        run.note("half", each.name, tally, offered_per_s=rate, refused_per_s=tally.refused_per_s)
