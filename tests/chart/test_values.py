"""The values: their names and defaults, their schema, and the settings of the product."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from orchestrator.settings import Settings
from services.settings import ServiceSettings
from tests.chart.installed import Installed
from tests.chart.rendering import VALUE_SETS, parse, render_set
from tests.chart.tools import CHART

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

IN_THE_CLUSTER = {"INVENTORY_URL", "PAYMENT_URL", "SHIPPING_URL", "DATABASE_SERVICE_URL"}
"""Elsewhere these are on localhost."""

DERIVED = {"DRAIN_S"}


def default() -> Installed:
    """What an install without any values brings."""
    return Installed(parse(render_set("default")))


def test_the_names_people_know() -> None:
    """They are there, with these defaults."""
    image = {"pullPolicy": VALUES["image"]["pullPolicy"]}
    hpa = ("enabled", "minReplicas", "maxReplicas", "targetCPUUtilizationPercentage")
    service = {name: VALUES["service"][name] for name in ("type", "port", "nodePort")}

    assert {"repository", "tag", "pullPolicy"} <= VALUES["image"].keys()
    assert {"pullPolicy": "Always"} == image
    assert (1, 8004) == (VALUES["replicaCount"], VALUES["containerPort"])
    assert {"type": "NodePort", "port": 8080, "nodePort": 30001} == service
    assert (True, 1, 10, 70) == tuple(VALUES["hpa"][name] for name in hpa)


def test_the_default_install() -> None:
    """Each of them is where it belongs."""
    installed = default()
    service = installed.one("Service")["spec"]
    port = {"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}
    hpa = installed.one("HorizontalPodAutoscaler")["spec"]
    target = {"type": "Utilization", "averageUtilization": 70}
    container = installed.container()

    assert ("NodePort", [{**port, "nodePort": 30001}]) == (service["type"], service["ports"])
    assert (1, 10) == (hpa["minReplicas"], hpa["maxReplicas"])
    assert [{"type": "Resource", "resource": {"name": "cpu", "target": target}}] == hpa["metrics"]
    assert 8004 == container["ports"][0]["containerPort"]
    assert "8004" == container["command"][-1]
    assert "Always" == container["imagePullPolicy"]


def test_a_fixed_number_of_pods() -> None:
    """The number given counts when nothing scales."""
    installed = Installed(parse(render_set("replica-count")))

    assert 3 == installed.pod().owner["spec"]["replicas"]
    assert [] == installed.of("HorizontalPodAutoscaler", "ScaledObject")


def test_every_setting_is_a_value() -> None:
    """The chart knows the settings of the product, no more and no fewer."""
    assert {name.upper() for name in Settings.model_fields} == VALUES["settings"].keys()


def test_every_setting_of_the_services_is_a_value() -> None:
    """But where they keep their state, which depends on what is installed."""
    names = {name.upper() for name in ServiceSettings.model_fields} - {"DATABASE_URL"}

    assert names == VALUES["upstreams"]["settings"].keys()


def test_defaults_are_the_products() -> None:
    """An install without values behaves as the service does without an environment."""
    seen = Settings.model_validate({k.lower(): v for k, v in default().settings.items()})
    names = {name for name in Settings.model_fields if name.upper() not in IN_THE_CLUSTER}

    assert Settings.model_construct().model_dump(include=names) == seen.model_dump(include=names)


def test_defaults_of_the_services_are_theirs() -> None:
    """The same for the reference services."""
    written = {name.lower(): value for name, value in VALUES["upstreams"]["settings"].items()}

    assert ServiceSettings.model_construct().model_dump(include=set(written)) == written


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_service_starts_with_what_is_rendered(name: str) -> None:
    """No number is written as 1.048576e+06, nothing is refused."""
    rendered = Installed(parse(render_set(name))).settings
    settings = Settings.model_validate({k.lower(): v for k, v in rendered.items()})

    assert {name.upper() for name in Settings.model_fields} == rendered.keys()
    assert settings.drain_s >= settings.answer_within_s


def test_bounds_are_the_products() -> None:
    """What the chart takes, the product takes; and the other way round."""
    of_product = Settings.model_json_schema()["properties"]
    of_chart = SCHEMA["properties"]["settings"]["properties"]
    numbers = [name for name, found in of_product.items() if found["type"] in ("number", "integer")]

    assert {name: bounds(of_product[name]) for name in numbers} == {
        name: bounds(of_chart[name.upper()]) for name in numbers
    }


def bounds(schema: dict[str, Any]) -> dict[str, float]:
    """The bounds of a number."""
    return {bound: schema[bound] for bound in BOUNDS if bound in schema}


def test_every_value_is_in_the_schema() -> None:
    """The file of values and the schema have the same names, at every level."""
    without_default = {path for path in names_of_schema(SCHEMA, ()) if path[-2:] in NO_DEFAULT}
    no_default = {("global",), *without_default}

    assert set(names_of_values(VALUES, SCHEMA, ())) == set(names_of_schema(SCHEMA, ())) - no_default


NO_DEFAULT = {
    ("limits", "cpu"),
    ("limits", "ephemeral-storage"),
    ("requests", "ephemeral-storage"),
}


def names_of_values(
    values: dict[str, Any], schema: dict[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """The path of every value; a map that anybody may fill is one."""
    for name, value in values.items():
        yield (*path, name)
        inner = referred_to(schema["properties"].get(name, {}))
        if "properties" in inner:
            yield from names_of_values(value, inner, (*path, name))


def names_of_schema(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The path of everything that the schema names."""
    for name, inner in schema.get("properties", {}).items():
        yield (*path, name)
        yield from names_of_schema(referred_to(inner), (*path, name))


def referred_to(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one that it names."""
    for part in (schema, *schema.get("allOf", [])):
        if "$ref" in part:
            target: dict[str, Any] = SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]
            return target
    return schema


def test_unknown_values_are_refused_everywhere() -> None:
    """Every object with names of its own is closed; Kubernetes checks the others itself."""
    free = {path for path, schema in objects(SCHEMA, "") if "additionalProperties" not in schema}

    assert {
        "/global",
        "/affinity",
        "/tolerations/items",
        "/extraEnv/items",
        "/extraEnvFrom/items",
        "/networkPolicy/ingressFrom/items",
        "/networkPolicy/extraEgress/items",
    } == {path.replace("/properties/", "/") for path in free}


def objects(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - JSON
    """Every schema of an object, wherever it stands."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield path, schema
        for name, inner in schema.items():
            yield from objects(inner, f"{path}/{name}")
