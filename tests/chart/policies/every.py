"""All rules."""

from tests.chart.installed import Installed
from tests.chart.policies import lifecycle, scaling, security, wiring
from tests.chart.policies.policy import Policy

POLICIES: tuple[Policy, ...] = (
    *scaling.POLICIES,
    *lifecycle.POLICIES,
    *security.POLICIES,
    *wiring.POLICIES,
)


def complaints(installed: Installed, kubernetes: str) -> list[tuple[str, str]]:
    """Every rule that is broken, by its name, and how."""
    return [
        (policy.__name__, complaint)
        for policy in POLICIES
        for complaint in policy(installed, kubernetes)
    ]
