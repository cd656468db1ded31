"""What each set of values renders to, as kept in golden/.

Made anew, after a change of the chart that is meant:  .venv/bin/python -m tests.chart.golden
"""

import re
import sys
from pathlib import Path
from typing import Final

import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.chart.rendering import NEWEST_HELM, RELEASE, VALUE_SETS, Object, parse, render_set
from tests.chart.tools import CHART

GOLDEN: Final = Path(__file__).parent / "golden"

USUAL_LABELS: Final = {
    "app.kubernetes.io/name": "order-service",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/part-of": "order-service",
    "app.kubernetes.io/version": r"\d+\.\d+\.\d+",
    "app.kubernetes.io/managed-by": "Helm",
    "helm.sh/chart": r"order-service-\d+\.\d+\.\d+",
}


def normal(name: str, *, major: int = NEWEST_HELM) -> str:
    """A rendering without what is of no interest: comments, styles, scripts, the usual labels."""
    objects = [_without_scripts(found) for found in parse(render_set(name, major=major))]
    for found in objects:
        labels = found["metadata"]["labels"]
        found["metadata"]["labels"] = {k: v for k, v in labels.items() if _is_special(k, v)}
    text: str = yaml.dump_all(objects, Dumper=yaml.CSafeDumper, sort_keys=False, width=1000)
    return text


def kept(name: str) -> str:
    """The rendering that is in golden/."""
    return (GOLDEN / f"{name}.yaml").read_text()


def _without_scripts(found: Object) -> Object:
    if found["kind"] == "ConfigMap":
        found["data"] = {name: _shown(name, text) for name, text in found["data"].items()}
    return found


def _is_special(label: str, value: str) -> bool:
    """Those that all objects have would fill a third of golden/, and change with every release."""
    return label not in USUAL_LABELS or not re.fullmatch(USUAL_LABELS[label], value)


def _shown(name: str, text: str) -> str:
    script = CHART / "files" / name
    return f"({script.name})" if script.is_file() and script.read_text() == text else text


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for file in GOLDEN.glob("*.yaml"):
        file.unlink()
    for value_set in VALUE_SETS:
        (GOLDEN / f"{value_set}.yaml").write_text(normal(value_set))
    sys.stdout.write(f"{len(VALUE_SETS)} renderings in {GOLDEN}\n")
