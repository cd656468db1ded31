"""docs/kubernetes.md says what there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.chart.policies.every import POLICIES
from tests.chart.rendering import VALUE_SETS
from tests.chart.schemas import OWN_KINDS, VERSIONS
from tests.chart.tools import CHART, ROOT

PAGE = (ROOT / "docs" / "kubernetes.md").read_text()

ELSEWHERE = {"settings", "upstreams.settings"}
"""In docs/settings.md."""


def documented() -> dict[str, Any]:
    """Value and default of each row of the page's table."""
    rows = re.findall(r"^\| `([\w.]+)` \| `(.+?)` \| .*\|$", PAGE, re.MULTILINE)
    return {name: json.loads(default) for name, default in rows}


def flat(values: dict[str, Any], rows: set[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Values by their path, down to what has a row."""
    for name, value in values.items():
        here = f"{path}.{name}".lstrip(".")
        if here in ELSEWHERE:
            continue
        if isinstance(value, dict) and here not in rows:
            yield from flat(value, rows, here)
        else:
            yield here, value


def test_every_value_has_a_row() -> None:
    """With its default; and no row is of a value that is gone."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert documented() == dict(flat(values, set(documented())))


@pytest.mark.parametrize(
    "words",
    [
        f"{len(POLICIES)} rules over every object",
        "1.27, 1.29, 1.30, 1.34 and 1.37",
        *(kind.split()[1] for kind in OWN_KINDS),
    ],
)
def test_what_is_verified_is_true(words: str) -> None:
    """The page counts right."""
    assert words in PAGE


def test_the_versions_and_sets_are_those() -> None:
    """What the page calls eleven sets and five versions."""
    assert ["1.27", "1.29", "1.30", "1.34", "1.37"] == [v for vs in VERSIONS.values() for v in vs]
    assert 11 == len(VALUE_SETS)
    assert "eleven sets of values" in PAGE
