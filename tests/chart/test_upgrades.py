"""What one `helm upgrade` after another changes, and what it must not."""

import shutil
from pathlib import Path

import pytest

from tests.chart.installed import Installed
from tests.chart.rendering import NAMESPACE, RELEASE, Object, parse, render, with_settings
from tests.chart.tools import CHART, helm

FIXED = with_settings(hpa__enabled=False, replicaCount=3)
SCALED = with_settings(hpa__enabled=True)
UPSTREAMS = with_settings(upstreams__enabled=True)


def installed(*arguments: str) -> Installed:
    """What these arguments bring."""
    return Installed(parse(render(*arguments)))


def template(*arguments: str, component: str = "orders") -> Object:
    """The pods' template: a change of it replaces them."""
    found: Object = installed(*arguments).pod(component).owner["spec"]["template"]
    return found


def without_replicas(*arguments: str) -> Object:
    """The order service's Deployment without the number of its pods."""
    owner = installed(*arguments).pod().owner
    return {**owner, "spec": {k: v for k, v in owner["spec"].items() if k != "replicas"}}


def test_from_a_fixed_number_to_an_hpa_and_back() -> None:
    """At each moment one of them says how many; nothing else of the Deployment changes."""
    numbers = [
        installed(*step).pod().owner["spec"].get("replicas") for step in (FIXED, SCALED, FIXED)
    ]
    scalers = [
        len(installed(*step).of("HorizontalPodAutoscaler")) for step in (FIXED, SCALED, FIXED)
    ]

    assert [3, None, 3] == numbers
    assert [0, 1, 0] == scalers
    assert without_replicas(*FIXED) == without_replicas(*SCALED)


def test_the_way_back_without_a_conflict() -> None:
    """With replicaCount null the field stays whose it was: nothing to fight about."""
    freed = installed(*with_settings(hpa__enabled=False, replicaCount=None))

    assert "replicas" not in freed.pod().owner["spec"]
    assert [] == freed.of("HorizontalPodAutoscaler")


def test_a_changed_setting_replaces_the_pods() -> None:
    """Their ConfigMap is read at their start only."""
    assert template() != template(*with_settings(settings__LOG_LEVEL="debug"))


def test_a_changed_setting_of_the_upstreams_replaces_theirs() -> None:
    """Likewise."""
    changed = with_settings(upstreams__settings__RESERVATION_TTL_S=60)

    assert template(*UPSTREAMS, component="inventory") != template(
        *UPSTREAMS, *changed, component="inventory"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        with_settings(hpa__maxReplicas=20),
        with_settings(service__nodePort=30002),
        with_settings(serviceMonitor__enabled=True),
        with_settings(pdb__enabled=False),
        with_settings(upstreams__stock__OTHER=1),
    ],
    ids=lambda arguments: arguments[-1],
)
def test_other_changes_replace_nobody(arguments: tuple[str, ...]) -> None:
    """What pods do not depend on leaves them alone."""
    assert template() == template(*arguments)


def test_a_new_image_replaces_the_pods() -> None:
    """By its tag or, under the same tag, by its digest."""
    digest = with_settings(image__digest=f"sha256:{'a' * 64}")
    other = with_settings(image__digest=f"sha256:{'b' * 64}")
    images = [installed(*a).container()["image"] for a in ((), digest, other)]

    assert [
        "order-service:0.1.0",
        f"order-service:0.1.0@sha256:{'a' * 64}",
        f"order-service:0.1.0@sha256:{'b' * 64}",
    ] == images


def test_a_new_chart_alone_replaces_nobody(tmp_path: Path) -> None:
    """The version of the chart stands on the objects, not on the pods."""
    shutil.copytree(CHART, tmp_path / "chart")
    file = tmp_path / "chart" / "Chart.yaml"
    file.write_text(file.read_text().replace("\nversion: 0.1.0", "\nversion: 9.9.9"))
    arguments = ("template", RELEASE, str(file.parent), "--namespace", NAMESPACE)
    newer = Installed(parse(helm(4).run(*arguments).out))

    assert "order-service-9.9.9" == newer.pod().owner["metadata"]["labels"]["helm.sh/chart"]
    assert newer.pod().owner["spec"]["template"] == template()


@pytest.mark.parametrize(
    "arguments",
    [
        with_settings(upstreams__persistence__size="8Gi"),
        with_settings(upstreams__persistence__enabled=False),
        with_settings(upstreams__persistence__storageClass="fast"),
    ],
    ids=lambda arguments: arguments[-1],
)
def test_volumes_may_change(arguments: tuple[str, ...]) -> None:
    """Of a StatefulSet only template and replicas may: its volume is no part of it."""

    def fixed_part(*given: str) -> Object:
        spec = installed(*UPSTREAMS, *given).pod("payment").owner["spec"]
        return {k: v for k, v in spec.items() if k not in ("template", "replicas")}

    assert fixed_part() == fixed_part(*arguments)
    assert "volumeClaimTemplates" not in fixed_part()


@pytest.mark.parametrize("keep", [True, False])
def test_volumes_outlive_the_release_unless_told_otherwise(*, keep: bool) -> None:
    """Orders are not thrown away by `helm uninstall`."""
    given = with_settings(upstreams__persistence__keep=keep)
    claims = installed(*UPSTREAMS, *given).of("PersistentVolumeClaim")
    policies = {claim["metadata"].get("annotations", {}).get(KEEP) for claim in claims}

    assert {"keep" if keep else None} == policies


KEEP = "helm.sh/resource-policy"
