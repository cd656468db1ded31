"""How fast an autoscaler may go up and down: the `behavior` block of an HPA, with its defaults.

https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """What a policy counts in."""

    PODS = "Pods"
    PERCENT = "Percent"


class Select(StrEnum):
    """Which of several policies holds."""

    MAX = "Max"
    """The one that allows the largest change."""
    MIN = "Min"
    DISABLED = "Disabled"
    """None: no change in this direction."""


@dataclass(frozen=True, slots=True)
class Policy:
    """So many pods, or so many percent of them, in so many seconds."""

    kind: Kind
    value: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Rules:
    """One direction."""

    window_s: int
    policies: tuple[Policy, ...]
    select: Select = Select.MAX


@dataclass(frozen=True, slots=True)
class Behavior:
    """Both directions."""

    up: Rules
    down: Rules


DEFAULT: Final = Behavior(
    up=Rules(0, (Policy(Kind.PERCENT, 100, 15), Policy(Kind.PODS, 4, 15))),
    down=Rules(300, (Policy(Kind.PERCENT, 100, 15),)),
)
"""Kubernetes' own; whatever a `behavior` block leaves out is taken from here."""


def read(document: Mapping[str, Any]) -> Behavior:
    """A `behavior` block as it stands in an object."""
    return Behavior(
        up=_rules(document.get("scaleUp", {}), DEFAULT.up),
        down=_rules(document.get("scaleDown", {}), DEFAULT.down),
    )


def _rules(document: Mapping[str, Any], default: Rules) -> Rules:
    policies = tuple(
        Policy(Kind(policy["type"]), policy["value"], policy["periodSeconds"])
        for policy in document.get("policies", ())
    )
    return Rules(
        window_s=document.get("stabilizationWindowSeconds", default.window_s),
        policies=policies or default.policies,
        select=Select(document.get("selectPolicy", default.select)),
    )
