"""How much must have happened: a run in which nothing was hit has shown nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from chaos.attempt import Attempt, Look
from chaos.diary import Kind
from chaos.evidence import Evidence, Order
from chaos.figures import taken_over
from chaos.plan import Plan

_POSTGRES: Final = {Kind.POSTGRES_CRASHED, Kind.POSTGRES_PAUSED}

_REFUSALS: Final = ("out_of_stock", "unknown_sku", "payment_declined", "shipment_refused")

_DECK_S: Final = 150.0
"""In so long a time each kind comes around once, with room for those that hit nothing: the longest
track, that of the replicas, takes a minute on two cores of its own, and two on a busy machine."""


def least_proven(plan: Plan) -> dict[Kind, int]:
    """How many injections of each kind must have hit something."""
    rounds = max(1, int(plan.seconds / _DECK_S))
    return {kind: rounds for kind in Kind if plan.postgres or kind not in _POSTGRES}


def missing(plan: Plan, proven: Mapping[Kind, int], evidence: Evidence) -> list[str]:
    """What was too little in a run that is over."""
    replays = ("requests repeated at the end", len(evidence.replays), 20)
    so_far = owed(plan, proven, evidence.orders, evidence.attempts, evidence.looks)
    return [*so_far, *_too_few([replays])]


def owed(
    plan: Plan,
    proven: Mapping[Kind, int],
    orders: Mapping[str, Order],
    attempts: Sequence[Attempt],
    looks: Sequence[Look],
) -> list[str]:
    """What is too little so far; less is asked of a short run, of orders little enough for any."""
    scale = max(1.0, plan.seconds / 20)  # of what twenty seconds give on two busy cores
    statuses = Counter(order["status"] for order in orders.values())
    codes = Counter(attempt.code for attempt in attempts)
    checked = sum(attempt.books is not None for attempt in attempts)
    return _too_few(
        [
            *(
                (f"proven: {kind}", proven[kind], least)
                for kind, least in least_proven(plan).items()
            ),
            ("CONFIRMED orders", statuses["CONFIRMED"], 10 * scale),
            ("FAILED orders", statuses["FAILED"], 5 * scale),
            ("orders taken over", taken_over(orders), 2 * scale),
            ("looks at orders", len(looks), 5 * scale),
            ("answers checked against the services", checked, 5 * scale),
            ("key reused", codes["idempotency_key_reused"], 2 * scale),
            ("refusals by an upstream", sum(codes[code] for code in _REFUSALS), 3 * scale),
        ]
    )


def _too_few(wanted: Iterable[tuple[str, int, float]]) -> list[str]:
    return [f"{what}: {had}, not {least:g}" for what, had, least in wanted if had < least]
