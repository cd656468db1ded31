"""The table of what befalls each orchestrator, in the order in which it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.compare import customer_faults, process_faults, upstream_faults
from bench.compare.calls import FORWARD, REFUND
from bench.compare.scene import UNITS, Scene
from testbed.faults import HOLD_REQUEST, LOSE, status


@dataclass(frozen=True)
class Fault:
    """One row: a title and the story that makes it happen."""

    group: str
    title: str
    story: Callable[[Scene], None]
    units: int = UNITS
    """On the shelf at the beginning."""


CALM: Final = "Nothing fails, or a step says no"
"""What every orchestrator must get through without a loss, or it was not treated fairly."""
_UNDO: Final = "An upstream is away while the order is taken back"
_KILLED: Final = "SIGKILL to the replica, just before and just after the call's effect"
_ENDED: Final = "The replica is told to stop, or stands still"
_TWICE: Final = "The client sends its order twice under one key"

_BEFALL_CALLS: Final = {
    "The call is carried out, its answer lost": LOSE,
    "The call is carried out, and answered with 500": status(500, forward=True),
    "The call times out, and arrives when all else is over": HOLD_REQUEST,
}

FAULTS: Final = (
    Fault(CALM, "nothing fails", upstream_faults.nothing),
    Fault(CALM, "out of stock", partial(upstream_faults.refused, reason="stock")),
    Fault(CALM, "payment declined", partial(upstream_faults.refused, reason="money")),
    Fault(CALM, "shipment refused", partial(upstream_faults.refused, reason="address")),
    Fault(CALM, "eight customers, one unit", customer_faults.crowd, units=1),
    *(
        Fault(group, name, partial(upstream_faults.befalls, call=call, fault=fault))
        for group, fault in _BEFALL_CALLS.items()
        for name, call in FORWARD.items()
    ),
    Fault(
        _UNDO,
        "payment, for a second",
        partial(upstream_faults.away_while_undone, upstream="payment", shortly=True),
    ),
    *(
        Fault(
            _UNDO,
            f"{name}, until the client has been answered",
            partial(upstream_faults.away_while_undone, upstream=name, shortly=False),
        )
        for name in ("payment", "inventory", "shipping")
    ),
    Fault("The database is away", "at the last write", upstream_faults.database_away),
    *(
        Fault(_KILLED, name, partial(process_faults.killed, call=call))
        for name, call in {**FORWARD, "refund, on the way back": REFUND}.items()
    ),
    Fault(_ENDED, "deploy: SIGTERM, time enough to finish", process_faults.deployed),
    Fault(_ENDED, "deploy: SIGTERM, then SIGKILL too soon", process_faults.deployed_in_haste),
    Fault(_ENDED, "frozen for longer than the lease", process_faults.frozen),
    Fault(_TWICE, "again, after the answer", customer_faults.key_again),
    Fault(
        _TWICE,
        "both at once, one replica",
        partial(customer_faults.key_at_once, second_at="a"),
    ),
    Fault(
        _TWICE,
        "both at once, two replicas",
        partial(customer_faults.key_at_once, second_at="b"),
    ),
    Fault(_TWICE, "again elsewhere, after its connection broke", customer_faults.hung_up),
    Fault(_TWICE, "again elsewhere, after SIGKILL", customer_faults.killed_and_repeated),
    Fault(_TWICE, "again, after a deploy", customer_faults.repeated_after_restart),
)
