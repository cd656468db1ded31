"""What happens at the limit: more orders than the core can carry, and what an order weighs."""

from typing import Final

from bench import cpu
from bench.load import OR_REFUSED, Tally, Target, Window
from bench.run import Run
from bench.stage import Stage
from bench.systems import OURS
from testbed.processes import Process

_SATURATED: Final = "saturated, every customer waits"

_WAITING_MS: Final = 500
"""With upstreams this slow an order is held for 3.5 s, and a thousand of them stay a thousand."""

_ORDER_S: Final = 3.5

_MANY: Final = 1000
_FEW: Final = 100


def overload(run: Run) -> None:
    """As many orders as the core can carry, then twice as many, at a replica as it is shipped."""
    with Stage() as stage:
        process = stage.system(OURS, stage.upstreams())
        target = Target(process.url, expected=OR_REFUSED)
        with run.attempt("overload"):
            for _ in range(run.pace.rounds):
                saturated = run.closed(target, [process.pid])
                _note(run, _SATURATED, saturated)
                # At once, so that what the neighbours do now is in all three.
                for times in (1, 2):
                    tally = run.open(target, [process.pid], rate=times * saturated.per_s)
                    _note(run, f"offered {times} × saturation", tally)


def _note(run: Run, row: str, tally: Tally) -> None:
    run.note("overload", row, tally, refused_per_s=tally.refused_per_s)


def refusals(run: Run) -> None:
    """CPU of an order that is refused: one place, taken for seconds by an order that waits."""
    with Stage() as stage:
        settings = {"MAX_IN_FLIGHT": "1"}
        process = stage.system(OURS, stage.upstreams(_WAITING_MS), settings)
        for _ in range(run.pace.rounds):
            with run.attempt("refusals"):
                target = Target(process.url, expected=OR_REFUSED)
                tally = run.closed(target, [process.pid], connections=8)
                rate = tally.refused_per_s
                # The one order that is let in all the while is a thousandth of the work.
                figures = {"cpu_ms": 1000 * tally.cpu_s / (rate * tally.seconds), "per_s": rate}
                run.keep("refusal", "an order refused (503)", figures)


def memory(run: Run) -> None:
    """What a replica has in RAM: at its start, at work, and with a thousand orders in flight."""
    with Stage() as stage:
        settings = {"MAX_IN_FLIGHT": str(2 * _MANY)}
        process = stage.system(OURS, stage.upstreams(_WAITING_MS), settings)
        at_start = cpu.resident_mib(process.pid)
        with run.attempt("memory"):
            few, many = (_with_in_flight(run, process, orders) for orders in (_FEW, _MANY))
            per_thousand = (many - few) * 1000 / (_MANY - _FEW)
            figures = {"start_mib": at_start, "busy_mib": few, "per_1000_mib": per_thousand}
            run.keep("memory", "one replica", figures)


def _with_in_flight(run: Run, process: Process, orders: int) -> float:
    """The most memory it ever had, after two turns with so many orders in flight all the time."""
    window = Window(_ORDER_S, 1.5 * _ORDER_S)
    run.closed(Target(process.url), [process.pid], connections=orders, window=window)
    return cpu.peak_mib(process.pid)
