"""Whoever names another object names one that is there."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from tests.chart.installed import Installed, Pod
from tests.chart.rendering import NAMESPACE, Object

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""What a Service may be called, the strictest of all."""

_NODE_PORTS: Final = range(30000, 32768)


def selects_nobody(installed: Installed, _: str) -> Iterator[str]:
    """A Service, a budget or a policy whose labels fit no pod does nothing, silently."""
    for found in installed.of("Service", "PodDisruptionBudget", "NetworkPolicy"):
        for labels in _selectors(found):
            if not installed.selected(labels):
                yield f"{_of(found)} selects nobody: {labels}"


def _selectors(found: Object) -> Iterator[dict[str, str]]:
    spec = found["spec"]
    match found["kind"]:
        case "Service":
            yield spec["selector"]
        case "PodDisruptionBudget":
            yield spec["selector"]["matchLabels"]
        case _:
            yield spec["podSelector"]["matchLabels"]


def selects_others_too(installed: Installed, _: str) -> Iterator[str]:
    """Two workloads under one selector would take each other's pods and requests."""
    for found in installed.of("Service", "Deployment", "StatefulSet", "PodDisruptionBudget"):
        selector = found["spec"]["selector"]
        owners = {pod.name for pod in installed.selected(selector.get("matchLabels", selector))}
        if len(owners) > 1:
            yield f"{_of(found)} selects {sorted(owners)}"


def port_that_is_not_there(installed: Installed, _: str) -> Iterator[str]:
    """A Service, a probe or a monitor by a port's name needs a port of that name."""
    for service in installed.of("Service"):
        for port in service["spec"]["ports"]:
            for pod in installed.selected(service["spec"]["selector"]):
                if port["targetPort"] not in _ports(pod):
                    yield f"{_of(service)} leads to {port['targetPort']}, which {pod.name} has not"
    for monitor in installed.of("ServiceMonitor"):
        names = {
            port["name"]
            for service in installed.of("Service")
            if monitor["spec"]["selector"]["matchLabels"].items()
            <= service["metadata"]["labels"].items()
            for port in service["spec"]["ports"]
        }
        for endpoint in monitor["spec"]["endpoints"]:
            if endpoint["port"] not in names:
                yield f"{_of(monitor)} looks at {endpoint['port']}, which no Service has"


def _ports(pod: Pod) -> set[str]:
    return {port["name"] for container in pod.containers for port in container.get("ports", [])}


def refers_to_nothing(installed: Installed, _: str) -> Iterator[str]:
    """A ConfigMap or volume that is not there keeps a pod from starting."""
    for pod in installed.pods:
        for kind, name in _references(pod):
            if not installed.has(kind, name):
                yield f"{pod.name} needs {kind} {name}"
    for scaler in installed.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        if not installed.has(target["kind"], target["name"]):
            yield f"{_of(scaler)} scales {target['name']}, which is not there"


def _references(pod: Pod) -> Iterator[tuple[str, str]]:
    for source in chain.from_iterable(c.get("envFrom", []) for c in pod.containers):
        if "configMapRef" in source:
            yield "ConfigMap", source["configMapRef"]["name"]
    for volume in pod.spec.get("volumes", []):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


def mounted_without_a_volume(installed: Installed, _: str) -> Iterator[str]:
    """Every mount is of a volume of the pod."""
    for pod in installed.pods:
        volumes = {volume["name"] for volume in pod.spec.get("volumes", [])}
        mounts = {mount["name"] for c in pod.containers for mount in c.get("volumeMounts", [])}
        for name in mounts ^ volumes:
            yield f"{pod.name}: {name} is a volume or a mount, but not both"


def upstream_that_is_not_there(installed: Installed, _: str) -> Iterator[str]:
    """An address in this release leads to a Service of this release, at a port that it has."""
    for name, value in installed.settings.items():
        host, _colon, port = value.removeprefix("http://").partition(":")
        ours = installed.has("Service", host)
        if name.endswith("_URL") and "order-service-" in host and not ours:
            yield f"{name}={value}: there is no such Service"
        if ours and int(port) not in {p["port"] for p in _service(installed, host)["ports"]}:
            yield f"{name}={value}: the Service has another port"


def _service(installed: Installed, name: str) -> Object:
    spec: Object = installed.one("Service", name)["spec"]
    return spec


def names_that_fit(installed: Installed, _: str) -> Iterator[str]:
    """At most 63 characters of a kind; no two objects of one kind and name; one namespace."""
    seen = set()
    for found in installed.objects:
        if not _NAME.fullmatch(found["metadata"]["name"]):
            yield f"{_of(found)} cannot be called so"
        if _of(found) in seen:
            yield f"{_of(found)} stands here twice"
        if found["metadata"].get("namespace") != NAMESPACE:
            yield f"{_of(found)} is in the namespace {found['metadata'].get('namespace')}"
        seen.add(_of(found))


def node_port(installed: Installed, _: str) -> Iterator[str]:
    """A node port is one of the cluster's range, on a Service that is reached through nodes."""
    for service in installed.of("Service"):
        for port in service["spec"]["ports"]:
            number = port.get("nodePort")
            if number is not None and (
                number not in _NODE_PORTS or service["spec"].get("type") == "ClusterIP"
            ):
                yield f"{_of(service)} has the node port {number}"


def one_pod_on_a_file(installed: Installed, _: str) -> Iterator[str]:
    """What has a volume for itself has one pod, and never two while it is replaced."""
    for pod in installed.pods:
        claims = [v for v in pod.spec.get("volumes", []) if "persistentVolumeClaim" in v]
        if not claims:
            continue
        if pod.owner["kind"] != "StatefulSet" or pod.owner["spec"]["replicas"] != 1:
            yield f"{pod.name} may run twice on one volume"


def _of(found: Object) -> str:
    return f"{found['kind']} {found['metadata']['name']}"


POLICIES = (
    selects_nobody,
    selects_others_too,
    port_that_is_not_there,
    refers_to_nothing,
    mounted_without_a_volume,
    upstream_that_is_not_there,
    names_that_fit,
    node_port,
    one_pod_on_a_file,
)
