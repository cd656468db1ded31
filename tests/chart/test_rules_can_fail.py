"""Every rule and every schema finds what it is there for, in renderings broken on purpose."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.installed import Installed
from tests.chart.policies.every import POLICIES, complaints
from tests.chart.rendering import KUBERNETES, Object, parse, render_set
from tests.chart.schemas import faults

Break = Callable[[Installed], object]


def put(*path: str | int, to: object) -> Break:
    """Set one member of the order service's Deployment."""

    def broken(installed: Installed) -> None:
        place: Any = installed.pod().owner
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return broken


def drop(*path: str | int) -> Break:
    """Leave one member of the order service's Deployment out."""

    def broken(installed: Installed) -> None:
        place: Any = installed.pod().owner
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return broken


POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)


def spec(kind: str, **members: object) -> Break:
    """Set members of the spec of the only object of a kind."""
    return lambda installed: installed.one(kind)["spec"].update(members)


def hpa_too(installed: Installed) -> None:
    """An HPA beside KEDA's."""
    target = {"kind": "Deployment", "name": "orders-order-service"}
    hpa = {"kind": "HorizontalPodAutoscaler", "spec": {"scaleTargetRef": target}}
    installed.objects.append({**hpa, "metadata": {"name": "orders-order-service"}})


def named(kind: str, ending: str) -> Callable[[Installed], Object]:
    """The object of a kind whose name ends so."""
    return lambda installed: installed.one(kind, ending)


def environment(name: str, value: str) -> Break:
    """A variable of inventory, with its value."""
    return lambda i: i.container("inventory")["env"].append({"name": name, "value": value})


BROKEN: list[tuple[str, str, Break]] = [
    ("replicas_beside_a_scaler", "default", put("spec", "replicas", to=1)),
    ("replicas_beside_a_scaler", "keda", put("spec", "replicas", to=1)),
    ("two_scalers", "keda", hpa_too),
    ("scaling_down_in_haste", "default", spec("HorizontalPodAutoscaler", behavior={})),
    ("scaling_down_in_haste", "keda", spec("ScaledObject", advanced={})),
    ("request_for_every_container", "default", drop(*CONTAINER, "resources", "requests", "cpu")),
    ("memory_limit", "default", drop(*CONTAINER, "resources", "limits")),
    (
        "throttled",
        "default",
        put(*CONTAINER, "resources", "limits", to={"memory": "1Gi", "cpu": "900m"}),
    ),
    ("budget_with_one_bound", "default", spec("PodDisruptionBudget", minAvailable=1)),
    ("budget_that_blocks", "default", spec("PodDisruptionBudget", maxUnavailable=0)),
    ("budget_that_blocks", "replica-count", spec("PodDisruptionBudget", minAvailable=3)),
    (
        "budget_that_blocks",
        "default",
        spec("PodDisruptionBudget", unhealthyPodEvictionPolicy="IfHealthyBudget"),
    ),
    ("drain_adds_up", "default", put(*POD, "terminationGracePeriodSeconds", to=59)),
    ("drain_adds_up", "default", lambda i: i.settings.update(DRAIN_S="34")),
    ("no_time_for_endpoints", "default", drop(*CONTAINER, "lifecycle")),
    (
        "pre_stop_of_its_time",
        "default",
        put(*CONTAINER, "lifecycle", "preStop", to={"exec": {"command": ["sleep", "10"]}}),
    ),
    ("probes", "default", drop(*CONTAINER, "startupProbe")),
    ("probes", "default", put(*CONTAINER, "livenessProbe", "timeoutSeconds", to=1)),
    (
        "liveness_that_is_readiness",
        "default",
        put(*CONTAINER, "livenessProbe", "httpGet", "path", to="/readyz"),
    ),
    (
        "replaced_one_by_one",
        "default",
        put("spec", "strategy", "rollingUpdate", "maxUnavailable", to=1),
    ),
    ("change_without_a_roll", "default", drop("spec", "template", "metadata", "annotations")),
    (
        "shell_in_between",
        "default",
        put(*CONTAINER, "command", to=["/bin/sh", "-c", "uvicorn app:app"]),
    ),
    ("restricted_pod", "default", put(*POD, "securityContext", "runAsNonRoot", to=False)),
    ("restricted_pod", "default", put(*POD, "securityContext", "runAsUser", to=0)),
    ("restricted_pod", "default", drop(*POD, "securityContext", "seccompProfile")),
    ("restricted_pod", "default", put(*POD, "hostNetwork", to=True)),
    (
        "restricted_pod",
        "default",
        lambda i: i.pod().spec["volumes"].append({"name": "n", "hostPath": {"path": "/"}}),
    ),
    ("restricted_container", "default", drop(*CONTAINER, "securityContext")),
    (
        "restricted_container",
        "default",
        put(*CONTAINER, "securityContext", "readOnlyRootFilesystem", to=False),
    ),
    (
        "restricted_container",
        "default",
        put(*CONTAINER, "securityContext", "capabilities", to={"drop": ["NET_RAW"]}),
    ),
    ("somewhere_to_write", "default", put(*CONTAINER, "volumeMounts", to=[])),
    ("no_token", "default", drop(*POD, "automountServiceAccountToken")),
    ("no_token", "default", put(*POD, "enableServiceLinks", to=True)),
    ("secrets_by_reference", "minikube", environment("PGPASSWORD", "hunter2")),
    (
        "secrets_by_reference",
        "minikube",
        environment("DATABASE_URL", "postgresql://orders:hunter2@db/orders"),
    ),
    (
        "unexpanded",
        "default",
        put(*CONTAINER, "image", to="${DOCKER_HUB_USERNAME}/order-service:1"),
    ),
    ("image_that_names_one", "default", put(*CONTAINER, "image", to="order-service:latest")),
    ("image_that_names_one", "default", put(*CONTAINER, "image", to="localhost:5000/orders")),
    ("selects_nobody", "default", spec("Service", selector={"app": "orders"})),
    (
        "selects_others_too",
        "minikube",
        lambda i: i.one("Service", "-database")["spec"]["selector"].popitem(),
    ),
    ("port_that_is_not_there", "default", put(*CONTAINER, "ports", to=[])),
    ("port_that_is_not_there", "keda", spec("ServiceMonitor", endpoints=[{"port": "metrics"}])),
    (
        "refers_to_nothing",
        "minikube",
        lambda i: i.objects.remove(i.one("PersistentVolumeClaim", "y-data")),
    ),
    ("mounted_without_a_volume", "default", put(*POD, "volumes", to=[])),
    (
        "upstream_that_is_not_there",
        "minikube",
        lambda i: i.settings.update(INVENTORY_URL="http://orders-order-service-stock:8006"),
    ),
    (
        "upstream_that_is_not_there",
        "minikube",
        lambda i: i.settings.update(INVENTORY_URL="http://orders-order-service-inventory:80"),
    ),
    ("names_that_fit", "default", lambda i: i.one("Service")["metadata"].update(name="o" * 64)),
    (
        "names_that_fit",
        "default",
        lambda i: i.one("Service")["metadata"].update(namespace="default"),
    ),
    ("names_that_fit", "default", lambda i: i.objects.append(i.one("Service"))),
    ("node_port", "default", lambda i: i.one("Service")["spec"]["ports"][0].update(nodePort=8080)),
    ("one_pod_on_a_file", "minikube", lambda i: i.pod("payment").owner["spec"].update(replicas=2)),
    ("one_pod_on_a_file", "minikube", lambda i: i.pod("payment").owner.update(kind="Deployment")),
]


def test_every_rule_is_broken_here() -> None:
    """A rule that nobody has seen fail is no rule."""
    assert {policy.__name__ for policy in POLICIES} == {rule for rule, _, _ in BROKEN}


@pytest.mark.parametrize(
    ("rule", "name", "break_it"),
    [pytest.param(*case, id=f"{number}-{case[0]}") for number, case in enumerate(BROKEN)],
)
def test_rule(rule: str, name: str, break_it: Break) -> None:
    """What is broken is found by the rule that is meant."""
    installed = Installed(parse(render_set(name)))
    break_it(installed)

    assert rule in {broken for broken, _ in complaints(installed, KUBERNETES)}


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(put(*POD, "terminationGracePeriodSecond", to=1), id="unknown field"),
        pytest.param(
            put(*CONTAINER, "ports", 0, "containerPort", to="8004"), id="text for a number"
        ),
        pytest.param(drop("spec", "selector"), id="without what is required"),
        pytest.param(lambda i: i.pod().owner.update(kind="Deploymint"), id="unknown kind"),
        pytest.param(lambda i: i.pod().owner.update(apiVersion="apps/v2"), id="unknown version"),
        pytest.param(lambda i: i.one("ServiceMonitor")["spec"].update(x=1), id="a kind of others"),
        pytest.param(lambda i: i.one("ScaledObject")["spec"].pop("triggers"), id="KEDA's"),
    ],
)
def test_schema(break_it: Break) -> None:
    """What does not fit the schema is a fault, and so is what has none."""
    installed = Installed(parse(render_set("keda")))
    break_it(installed)

    assert [] != [fault for found in installed.objects for fault in faults(found, KUBERNETES)]


def test_new_fields_are_unknown_to_an_old_kubernetes() -> None:
    """A rendering for a new Kubernetes does not pass for an old one: each has its own schema."""
    objects = parse(render_set("default"))
    found = [fault for one in objects for fault in faults(one, "1.27")]

    assert any("sleep" in fault for fault in found)


def test_a_key_that_stands_twice() -> None:
    """The same key twice in a map is refused, as an API server does."""
    with pytest.raises(ValueError, match="twice in one map"):
        parse("a: 1\na: 2\n")
