"""How much must have happened: a run in which nothing was hit has shown nothing."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from chaos.diary import Kind
from chaos.evidence import Evidence
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
    """What was too little; less is asked of a short run, and of orders little enough for any."""
    scale = max(1.0, plan.seconds / 20)  # of what twenty seconds give on two busy cores
    orders = Counter(order["status"] for order in evidence.orders.values())
    codes = Counter(attempt.code for attempt in evidence.attempts)
    checked = sum(attempt.books is not None for attempt in evidence.attempts)
    wanted: list[tuple[str, int, float]] = [
        *((f"proven: {kind}", proven[kind], least) for kind, least in least_proven(plan).items()),
        ("CONFIRMED orders", orders["CONFIRMED"], 10 * scale),
        ("FAILED orders", orders["FAILED"], 5 * scale),
        ("orders taken over", taken_over(evidence.orders), 2 * scale),
        ("looks at orders", len(evidence.looks), 5 * scale),
        ("answers checked against the services", checked, 5 * scale),
        ("requests repeated at the end", len(evidence.replays), 20),
        ("key reused", codes["idempotency_key_reused"], 2 * scale),
        ("refusals by an upstream", sum(codes[code] for code in _REFUSALS), 3 * scale),
    ]
    return [f"{what}: {had}, not {least:g}" for what, had, least in wanted if had < least]
