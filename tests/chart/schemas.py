"""Objects against the schemas of a Kubernetes version, strictly: an unknown field is a fault.

A kind without a schema is a fault too, never a warning. The kinds that Kubernetes itself does not
know have small schemas of ours in crds/, of the fields that the chart uses, written down from
their projects' documentation.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from tests.chart.rendering import BEFORE_SLEEP, KUBERNETES, Object
from tests.chart.tools import kubernetes_schemas

OWN: Final = Path(__file__).parent / "crds"
OWN_KINDS: Final = {
    "keda.sh/v1alpha1 ScaledObject": "KEDA's; not in Kubernetes",
    "monitoring.coreos.com/v1 PrometheusRule": "the Prometheus operator's; not in Kubernetes",
    "monitoring.coreos.com/v1 ServiceMonitor": "the Prometheus operator's; not in Kubernetes",
}
"""What is checked against a schema of ours, and why."""

VERSIONS: Final = {BEFORE_SLEEP: ("1.27", "1.29"), KUBERNETES: ("1.30", "1.34", "1.37")}
"""Rendered for one version, and the versions whose schemas that must fit."""


def faults(found: Object, kubernetes: str) -> Iterator[str]:
    """What this Kubernetes ("1.34") would not take of an object."""
    kind = f"{found.get('apiVersion')} {found.get('kind')}"
    schema = _schema(kind, kubernetes)
    if schema is None:
        yield f"{kind}: no schema of Kubernetes {kubernetes}, so nothing is known of it"
        return
    for error in schema.iter_errors(found):
        path = ".".join(map(str, error.instance_path))
        yield f"{kind} {found['metadata']['name']}: {path}: {error.message}"


@cache
def _schema(kind: str, kubernetes: str) -> jsonschema_rs.Validator | None:
    if kind in OWN_KINDS:
        return _compiled(json.loads((OWN / f"{kind.split()[1].lower()}.json").read_text()))
    version, name = kind.split()
    group, _, revision = version.rpartition("/")
    short = "-".join(part for part in (name.lower(), group.partition(".")[0], revision) if part)
    folder = kubernetes_schemas() / f"v{kubernetes}.0-local-strict"
    file = folder / f"{short}.json"
    assert folder.exists(), f"no schemas of Kubernetes {kubernetes} here"
    if not file.exists():
        return None
    schema = _read(file)
    return _compiled(schema | {"$defs": _needed(schema, _definitions(folder))})


@cache
def _definitions(folder: Path) -> dict[str, Any]:
    definitions: dict[str, Any] = _read(folder / "_definitions.json")["$defs"]
    return definitions


def _needed(schema: object, definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that a schema refers to, and those that they refer to: a few of thousands."""
    needed: dict[str, Any] = {}
    left = _referred_to(schema)
    while left:
        name = left.pop()
        if name not in needed:
            needed[name] = definitions[name]
            left |= _referred_to(definitions[name])
    return needed


def _referred_to(schema: object) -> set[str]:
    return set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))


def _read(file: Path) -> dict[str, Any]:
    """A schema whose references to the file of definitions lead into itself."""
    read: dict[str, Any] = json.loads(file.read_text().replace('"/api/_definitions.json#/', '"#/'))
    return read


def _compiled(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema, retriever=_nowhere)


def _nowhere(uri: str) -> Any:  # noqa: ANN401 - as it is wanted
    """Nothing is fetched: what a schema refers to is in the package."""
    raise LookupError(f"a schema refers to {uri}, which is not here")
