"""Every way to install the chart: what is rendered is as reviewed, valid, and by the rules."""

import pytest

from tests.chart.golden import GOLDEN, kept, normal
from tests.chart.installed import Installed
from tests.chart.policies.every import complaints
from tests.chart.rendering import HELMS, VALUE_SETS, parse, render_set
from tests.chart.schemas import VERSIONS, faults


@pytest.mark.parametrize("major", HELMS)
@pytest.mark.parametrize("name", VALUE_SETS)
def test_as_reviewed(name: str, major: int) -> None:
    """Both Helms render what golden/ holds; python -m tests.chart.golden makes it anew."""
    rendered = normal(name, major=major)

    assert kept(name) == rendered


def test_nothing_else_is_kept() -> None:
    """No golden rendering is left over from values that are gone."""
    assert set(VALUE_SETS) == {file.stem for file in GOLDEN.iterdir()}


@pytest.mark.parametrize("kubernetes", VERSIONS)
@pytest.mark.parametrize("name", VALUE_SETS)
def test_valid(name: str, kubernetes: str) -> None:
    """Each object fits the strict schema of each Kubernetes version; no kind is unknown."""
    objects = parse(render_set(name, kubernetes=kubernetes))
    found = [
        fault
        for one in objects
        for version in VERSIONS[kubernetes]
        for fault in faults(one, version)
    ]

    assert [] == found


@pytest.mark.parametrize("kubernetes", VERSIONS)
@pytest.mark.parametrize("name", VALUE_SETS)
def test_by_the_rules(name: str, kubernetes: str) -> None:
    """No rule is broken."""
    installed = Installed(parse(render_set(name, kubernetes=kubernetes)))

    assert [] == complaints(installed, kubernetes)
