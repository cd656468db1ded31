"""Numbers and wiring that are easily got wrong."""

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from orchestrator.metrics import Metrics
from tests.chart.installed import Installed, Pod, strings
from tests.chart.policies.every import complaints
from tests.chart.rendering import KUBERNETES, Object, parse, render, render_set, with_settings

UPSTREAMS = ("database", "inventory", "payment", "shipping")


def installed(*arguments: str) -> Installed:
    """What these arguments bring."""
    return Installed(parse(render(*arguments)))


def of_set(name: str) -> Installed:
    """What a set of values brings."""
    return Installed(parse(render_set(name)))


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ((), (10, 40, 60)),
        (with_settings(settings__ORDER_DEADLINE_S=20), (10, 30, 50)),
        (with_settings(settings__ORDER_DEADLINE_S=12.5), (10, 23, 43)),
        (with_settings(settings__UPSTREAM_TIMEOUT_S=8), (10, 43, 69)),
        (with_settings(settings__ORDER_DEADLINE_S=90, settings__LEASE_S=120), (10, 100, 120)),
        (with_settings(settings__DRAIN_S=90), (10, 90, 110)),
        (with_settings(drain__preStopSeconds=20), (20, 40, 70)),
        (with_settings(drain__terminationGracePeriodSeconds=300), (10, 40, 300)),
    ],
)
def test_the_end_of_a_pod(arguments: tuple[str, ...], numbers: tuple[int, int, int]) -> None:
    """Sleep, drain and grace follow from the deadline of an order."""
    found = installed(*arguments)
    pre_stop = found.container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = found.pod().spec["terminationGracePeriodSeconds"]

    assert numbers == (pre_stop, int(found.settings["DRAIN_S"]), grace)


def test_upstreams_outlive_their_callers_requests() -> None:
    """A reference service drains for 20 s (services/__main__.py), after its own sleep."""
    pods = [of_set("minikube").pod(name) for name in UPSTREAMS]

    assert {30} == {pod.spec["terminationGracePeriodSeconds"] for pod in pods}
    assert {5} == {
        pod.spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] for pod in pods
    }


def test_minikube_takes_the_image_that_was_loaded() -> None:
    """With Always it would ask a registry that has none."""
    pods = of_set("minikube").pods

    assert {"IfNotPresent"} == {c["imagePullPolicy"] for pod in pods for c in pod.containers}


def test_the_cluster_may_choose_the_node_port() -> None:
    """30001 is one in the whole cluster, and may be taken."""
    ports = installed(*with_settings(service__nodePort=None)).one("Service")["spec"]["ports"]

    assert "nodePort" not in ports[0]


def test_a_cluster_ip_has_no_node_port() -> None:
    """Changing the type alone is enough: the default node port does not come along."""
    service = installed(*with_settings(service__type="ClusterIP")).one("Service")["spec"]

    assert ("ClusterIP", False) == (service["type"], "nodePort" in service["ports"][0])


@pytest.mark.parametrize("release", ["a", "order-service", "r" * 53])
def test_long_names(release: str) -> None:
    """The longest name that Helm allows leaves room for every ending."""
    values = with_settings(upstreams__enabled=True, networkPolicy__enabled=True)
    found = Installed(parse(render(*values, release=release)))

    assert [] == complaints(found, KUBERNETES)


def test_the_upstreams_are_found() -> None:
    """With upstreams.enabled the settings lead to what is installed."""
    settings = of_set("minikube").settings

    assert "http://orders-order-service-database:8000" == settings["DATABASE_SERVICE_URL"]
    assert "http://orders-order-service-inventory:8006" == settings["INVENTORY_URL"]


def test_ones_own_upstream_is_not_installed_twice() -> None:
    """A URL that is given wins, and its reference service stays away."""
    found = of_set("own-payment")
    components = {pod.component for pod in found.pods if pod.runs_on}

    assert {"orders", "database", "inventory", "shipping"} == components
    assert "https://pay.example.com" == found.settings["PAYMENT_URL"]


def test_stock_and_test_know_the_inventory() -> None:
    """`helm test` orders for real where there is something to order."""
    (test,) = (pod for pod in of_set("minikube").pods if pod.component == "test")
    (alone,) = (pod for pod in of_set("default").pods if pod.component == "test")

    assert ["--sku", "HELM-TEST", "--stock-at", "http://orders-order-service-inventory:8006"] == (
        test.containers[0]["args"][2:]
    )
    assert ["--orders", "http://orders-order-service:8080"] == alone.containers[0]["args"]


def test_metrics_of_the_rules_exist() -> None:
    """An alert on a metric that nobody serves never fires."""
    registry = CollectorRegistry()
    Metrics(registry).watch(in_flight=lambda: 0, circuits={"payment": lambda: 0})
    served = set(re.findall(r"^# TYPE (\w+) ", generate_latest(registry).decode(), re.MULTILINE))
    texts = [
        *strings(of_set("everything").one("PrometheusRule")),
        *strings(of_set("keda").one("ScaledObject")),
        of_set("everything").one("HorizontalPodAutoscaler")["spec"]["metrics"][1]["pods"]["metric"][
            "name"
        ],
    ]
    asked = {name for text in texts for name in re.findall(r"\borders_\w+(?=\{|$)", text)}

    assert {"orders_flagged", "orders_in_flight", "orders_circuit_state"} <= asked
    assert set() == asked - served


@pytest.mark.parametrize("name", ["throw-away", "postgresql", "own-payment"])
def test_policies_let_orders_through(name: str) -> None:
    """Whoever has to call somebody may, at both ends."""
    found = of_set(name)
    pods = {pod.component: pod for pod in found.pods}
    calls = [("orders", upstream) for upstream in UPSTREAMS]
    calls += [("test", "orders"), ("test", "inventory"), ("stock", "inventory")]
    calls += [(upstream, "postgresql") for upstream in UPSTREAMS]
    shut = [
        f"{caller} → {called}"
        for caller, called in calls
        if caller in pods and called in pods and not passes(found, pods[caller], pods[called])
    ]

    assert [] == shut


def test_policies_shut_others_out() -> None:
    """Payment takes calls of the order service, and makes none."""
    found = of_set("throw-away")
    pods = {pod.component: pod for pod in found.pods}

    assert not passes(found, pods["test"], pods["payment"])
    assert not passes(found, pods["payment"], pods["inventory"])


def passes(found: Installed, caller: Pod, called: Pod) -> bool:
    """Whether the policies allow this connection."""
    port = called.containers[0]["ports"][0]["name"]
    return allowed(found, caller, "egress", called, port) and allowed(
        found, called, "ingress", caller, port
    )


def allowed(found: Installed, pod: Pod, way: str, other: Pod, port: str) -> bool:
    """Whether the policies of one end allow it; without any, everything is."""
    rules = [
        rule
        for policy in found.of("NetworkPolicy")
        if selects(policy["spec"]["podSelector"], pod)
        and way.capitalize() in policy["spec"]["policyTypes"]
        for rule in [*policy["spec"].get(way, []), None]
    ]
    return not rules or any(
        rule is not None and fits(rule, "to" if way == "egress" else "from", other, port)
        for rule in rules
    )


def fits(rule: Object, end: str, other: Pod, port: str) -> bool:
    """Whether a rule is about this pod and this port."""
    peers = rule.get(end)
    named = peers is None or any(selects(peer.get("podSelector", {}), other) for peer in peers)
    return named and port in {entry["port"] for entry in rule["ports"]}


def selects(selector: Object, pod: Pod) -> bool:
    """Whether a selector selects a pod."""
    labels: dict[str, str] = selector.get("matchLabels", {})
    return bool(labels) and labels.items() <= pod.labels.items()
