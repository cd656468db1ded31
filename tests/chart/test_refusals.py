"""What cannot work is refused before anything is installed, and the text says what to do."""

import pytest

from tests.chart.rendering import HELMS, NEWEST_HELM, Refused, render, with_settings

TEMPLATES = {
    "HPA and KEDA": (
        with_settings(keda__enabled=True),
        "two scalers would fight over one Deployment; set one of them to false",
    ),
    "KEDA without Prometheus": (
        with_settings(hpa__enabled=False, keda__enabled=True),
        "keda.enabled needs keda.prometheusAddress, such as http://",
    ),
    "bounds of the HPA": (
        with_settings(hpa__minReplicas=11),
        "hpa.minReplicas=11 exceeds hpa.maxReplicas=10",
    ),
    "in flight beyond all places": (
        with_settings(
            hpa__enabled=False,
            keda__enabled=True,
            keda__prometheusAddress="http://prometheus:9090",
            keda__inFlightPerPod=30,
        ),
        "keda.inFlightPerPod=30 with settings.MAX_IN_FLIGHT=32: full pods would refuse orders",
    ),
    "the HPA's in flight beyond all places": (
        with_settings(hpa__targetInFlight=8, settings__MAX_IN_FLIGHT=8),
        "hpa.targetInFlight=8 with settings.MAX_IN_FLIGHT=8: full pods would refuse orders",
    ),
    "CPU beyond one core": (
        with_settings(resources__requests__cpu="2"),
        "hpa.targetCPUUtilizationPercentage=70 of resources.requests.cpu=2: the event loop uses",
    ),
    "no pod can be replaced": (
        with_settings(rollout__maxSurge=0),
        "no pod could ever be replaced; set maxSurge=1",
    ),
    "lease too short": (
        with_settings(settings__ORDER_DEADLINE_S=56),
        "settings.LEASE_S=60 must exceed ORDER_DEADLINE_S + UPSTREAM_TIMEOUT_S = 61",
    ),
    "a call longer than its order": (
        with_settings(settings__UPSTREAM_TIMEOUT_S=31, settings__LEASE_S=99),
        "settings.UPSTREAM_TIMEOUT_S=31 exceeds settings.ORDER_DEADLINE_S=30",
    ),
    "drain too short": (
        with_settings(settings__DRAIN_S=34),
        "settings.DRAIN_S=34 is less than ORDER_DEADLINE_S + UPSTREAM_TIMEOUT_S = 35",
    ),
    "killed too soon": (
        with_settings(drain__terminationGracePeriodSeconds=59),
        "terminationGracePeriodSeconds=59 is less than preStop + DRAIN_S",
    ),
    "killed too soon after a longer sleep": (
        with_settings(drain__terminationGracePeriodSeconds=60, drain__preStopSeconds=11),
        "terminationGracePeriodSeconds=60 is less than preStop + DRAIN_S",
    ),
    "budget with both bounds": (
        with_settings(pdb__minAvailable=1, hpa__minReplicas=3),
        "Kubernetes takes one of them; set the other to null",
    ),
    "budget with no bound": (
        with_settings(pdb__maxUnavailable=None),
        "pdb.enabled needs pdb.maxUnavailable",
    ),
    "budget that blocks": (
        with_settings(pdb__maxUnavailable=0),
        "pdb.maxUnavailable=0 would keep every node from being drained",
    ),
    "budget of all pods": (
        with_settings(pdb__maxUnavailable=None, pdb__minAvailable=3, hpa__minReplicas=3),
        "pdb.minAvailable=3 with as few as 3 pods would keep nodes from being drained",
    ),
    "budget of every pod": (
        with_settings(pdb__maxUnavailable=None, pdb__minAvailable="100%"),
        "pdb.minAvailable=100% would keep every node from being drained",
    ),
    "less than a core": (
        with_settings(resources__limits__cpu="999m"),
        "resources.limits.cpu=999m is below one core",
    ),
    "PostgreSQL without a password": (
        with_settings(upstreams__enabled=True, upstreams__storage="postgresql"),
        "kubectl -n shop create secret generic orders-postgresql",
    ),
    "a database without an address": (
        with_settings(upstreams__enabled=True, upstreams__storage="external"),
        "kubectl -n shop create secret generic orders-database",
    ),
    "two pods on one file": (
        with_settings(upstreams__enabled=True, upstreams__replicas=2),
        "a SQLite file has one pod",
    ),
    "Ingress without a host": (
        with_settings(ingress__enabled=True),
        "ingress.enabled needs ingress.host",
    ),
}

SCHEMA = {
    "unexpanded name": (
        with_settings(image__repository="${DOCKER_HUB_USERNAME}/order-service"),
        "repository",
    ),
    "unknown value": (with_settings(replicas=3), "replicas"),
    "misspelt value": (with_settings(service__nodeport=30001), "nodeport"),
    "unknown setting": (with_settings(settings__MAX_INFLIGHT=3), "MAX_INFLIGHT"),
    "setting out of bounds": (with_settings(settings__MAX_IN_FLIGHT=0), "MAX_IN_FLIGHT"),
    "node port out of range": (with_settings(service__nodePort=8080), "nodePort"),
    "root": (with_settings(runAsUser=0), "runAsUser"),
    "a port of root's": (with_settings(containerPort=80), "containerPort"),
    "no CPU request": (with_settings(resources__requests__cpu=None), "cpu"),
    "no CPU request of an upstream": (
        with_settings(upstreams__resources__requests__cpu=None),
        "cpu",
    ),
    "liveness in a hurry": (with_settings(probes__liveness__timeoutSeconds=1), "timeoutSeconds"),
    "no time for endpoints": (with_settings(drain__preStopSeconds=0), "preStopSeconds"),
    "a digest that is none": (with_settings(image__digest="latest"), "digest"),
    "text for a number": (with_settings(replicaCount="two"), "replicaCount"),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_template_says_no(case: str) -> None:
    """What each value allows for itself, but not all of them together."""
    arguments, text = TEMPLATES[case]

    with pytest.raises(Refused) as refused:
        render(*arguments)
    assert text in str(refused.value)


def test_helm_3_says_no_as_well() -> None:
    """The templates are the same; that `fail` is one is not a matter of the version."""
    arguments, text = TEMPLATES["HPA and KEDA"]

    with pytest.raises(Refused) as refused:
        render(*arguments, major=3)
    assert text in str(refused.value)


@pytest.mark.parametrize("major", HELMS)
@pytest.mark.parametrize("case", SCHEMA)
def test_the_schema_says_no(case: str, major: int) -> None:
    """The two Helms have different programs for schemas, and both refuse."""
    arguments, name = SCHEMA[case]

    with pytest.raises(Refused) as refused:
        render(*arguments, major=major)
    assert "schema" in str(refused.value)
    assert name in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        with_settings(service__nodePort=None),
        with_settings(replicaCount=None, hpa__enabled=False),
        with_settings(resources__limits__cpu=1),
        with_settings(drain__terminationGracePeriodSeconds=600),
        with_settings(pdb__enabled=False, pdb__maxUnavailable=0),
        with_settings(settings__UPSTREAM_TIMEOUT_S=0.25),
        with_settings(upstreams__stock__SKU_9=5),
    ],
    ids=lambda arguments: arguments[-1],
)
def test_no_more_than_that_is_refused(arguments: tuple[str, ...]) -> None:
    """What works is rendered."""
    rendered = render(*arguments, major=NEWEST_HELM)

    assert "kind: Deployment" in rendered
