"""Counts and spreads, as lines for a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import quantiles
from typing import Any

from chaos.evidence import Order


def counted(what: str, counts: Mapping[Any, int]) -> str:
    """A sum, and what it is made of."""
    ordered = sorted(counts.items(), key=lambda entry: -entry[1])
    listed = ", ".join(f"{name} {count}" for name, count in ordered)
    return f"{what}: {sum(counts.values())} ({listed})"


def spread(what: str, values: Sequence[float]) -> str:
    """The middle, the tail and the worst."""
    if len(values) < 2:  # noqa: PLR2004 - as quantiles() has it
        return f"{what}: too few"
    cuts = quantiles(values, n=100)
    return f"{what}: p50 {cuts[49]:.2f}, p99 {cuts[98]:.2f}, max {max(values):.2f}"


def age_s(order: Order) -> float:
    """From its creation to its last write, by the database service's clock."""
    return epoch(order["updatedAt"]) - epoch(order["createdAt"])


def epoch(moment: str) -> float:
    """RFC 3339 in epoch seconds."""
    return datetime.fromisoformat(moment).timestamp()


def taken_over(orders: Mapping[str, Order]) -> int:
    """Orders whose timeline says that another worker took them."""
    return sum(_was_taken_over(order) for order in orders.values())


def _was_taken_over(order: Order) -> bool:
    return any("taken over" in line.get("note", "") for line in order["timeline"])


def by_outcome(orders: Mapping[str, Order]) -> Counter[str]:
    """Orders by status, the failed ones by code."""
    return Counter(
        " ".join(filter(None, (order["status"], (order["failure"] or {}).get("code"))))
        for order in orders.values()
    )
