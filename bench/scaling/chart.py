"""What the chart renders, as far as scaling is concerned.

Taken from the renderings that the tests keep and compare with real Helm: nothing is written down a
second time here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from bench.scaling.behavior import Behavior, read
from testbed.folders import ROOT

_GOLDEN: Final = ROOT / "tests/chart/golden"
_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Chart:
    """The numbers of a default install, and those of one that KEDA scales."""

    least: int
    most: int
    cpu_target: float
    """Share of the request."""
    cpu_request: float
    """In cores."""
    places: int
    """MAX_IN_FLIGHT."""
    behavior: Behavior
    in_flight_per_pod: int
    scrape_s: int
    """Between two looks of Prometheus."""


def read_chart() -> Chart:
    """The chart as it renders now."""
    usual, keda = _objects("default"), _objects("keda")
    hpa = usual["HorizontalPodAutoscaler"]["spec"]
    (container,) = usual["Deployment"]["spec"]["template"]["spec"]["containers"]
    scaled = keda["ScaledObject"]["spec"]
    interval: str = keda["ServiceMonitor"]["spec"]["endpoints"][0]["interval"]
    return Chart(
        least=hpa["minReplicas"],
        most=hpa["maxReplicas"],
        cpu_target=hpa["metrics"][0]["resource"]["target"]["averageUtilization"] / 100,
        cpu_request=_cores(container["resources"]["requests"]["cpu"]),
        places=int(usual["ConfigMap"]["data"]["MAX_IN_FLIGHT"]),
        behavior=read(hpa["behavior"]),
        in_flight_per_pod=int(scaled["triggers"][0]["metadata"]["threshold"]),
        scrape_s=int(interval.removesuffix("s")),
    )


def _objects(name: str) -> Mapping[str, Any]:
    """The order service's objects by their kind."""
    text = (_GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    found = [each for each in yaml.safe_load_all(text) if each]
    return {each["kind"]: each for each in reversed(found)}


def _cores(quantity: str) -> float:
    return int(quantity[:-1]) / _MILLI if quantity.endswith("m") else float(quantity)
