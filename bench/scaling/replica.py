"""A model of one replica: orders share one core, and wait for upstreams without using it.

Orders come at random (Poisson). Of an order's time one part is CPU, of which the event loop has one
core that all orders in hand share evenly; the other part passes at the upstreams, for all orders at
once. There are as many places as MAX_IN_FLIGHT; who finds none is refused. For such a network the
long-run chances are known exactly, whatever the two parts' distributions (its stations are of the
kinds for which Baskett, Chandy, Muntz and Palacios showed that only the means matter).

It is a model: it has no bursts but those of chance, no garbage collector and no neighbours.
"""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Steady:
    """What goes on in a replica, on average."""

    placed_per_s: float
    refused_per_s: float
    cores: float
    """How much of its core is busy."""
    in_flight: float
    latency_s: float
    """Mean, of orders that were not refused."""


@cache
def steady(arriving_per_s: float, cpu_s: float, waiting_s: float, places: int) -> Steady:
    """A replica at this load.

    Args:
        arriving_per_s: Orders that are sent to it.
        cpu_s: CPU time of one order.
        waiting_s: Time that one order passes at the upstreams.
        places: Orders in flight at most.
    """
    if arriving_per_s == 0:
        return Steady(0.0, 0.0, 0.0, 0.0, cpu_s + waiting_s)
    busy, away = arriving_per_s * cpu_s, arriving_per_s * waiting_s
    waiting = list(accumulate(range(1, places + 1), lambda w, n: w * away / n, initial=1.0))
    working = list(accumulate(range(1, places + 1), lambda w, _: w * busy, initial=1.0))
    weights = [
        sum(working[at_work] * waiting[total - at_work] for at_work in range(total + 1))
        for total in range(places + 1)
    ]
    whole = sum(weights)
    refused = weights[places] / whole
    in_flight = sum(total * weight for total, weight in enumerate(weights)) / whole
    placed = arriving_per_s * (1 - refused)
    return Steady(
        placed_per_s=placed,
        refused_per_s=arriving_per_s * refused,
        cores=placed * cpu_s,
        in_flight=in_flight,
        latency_s=in_flight / placed,
    )
