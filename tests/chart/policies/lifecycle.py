"""How a pod comes up, is watched, is replaced, and goes."""

from collections.abc import Iterator
from typing import Final

from tests.chart.installed import Installed, Pod
from tests.chart.rendering import Object

_ENDPOINTS_S: Final = 5
"""Endpoints usually take one or two seconds to reach every node."""

_SLEEP_SINCE: Final = (1, 30)


def drain_adds_up(installed: Installed, _: str) -> Iterator[str]:
    """Sleep, orders, leases: SIGKILL must come after all of it."""
    settings = {name: float(installed.settings[name]) for name in _TIMES}
    answer_s = settings["ORDER_DEADLINE_S"] + settings["UPSTREAM_TIMEOUT_S"]
    drain_s = settings["DRAIN_S"]
    pod = installed.pod()
    leases_s = 2 * settings["UPSTREAM_TIMEOUT_S"]  # the last look for orders, the last write
    needed_s = _pre_stop_s(pod.spec["containers"][0]) + drain_s + leases_s
    grace_s = pod.spec["terminationGracePeriodSeconds"]
    if drain_s < answer_s:
        yield f"orders are answered within {answer_s} s, but drained for {drain_s} s"
    if grace_s < needed_s:
        yield f"killed after {grace_s} s, while the end takes up to {needed_s} s"


_TIMES: Final = ("ORDER_DEADLINE_S", "UPSTREAM_TIMEOUT_S", "DRAIN_S")


def no_time_for_endpoints(installed: Installed, _: str) -> Iterator[str]:
    """The server closes its listener at SIGTERM, when others still send requests."""
    for pod in _servers(installed):
        if _pre_stop_s(pod.spec["containers"][0]) < _ENDPOINTS_S:
            yield f"{pod.name} does not wait until nobody calls it"


def pre_stop_of_its_time(installed: Installed, kubernetes: str) -> Iterator[str]:
    """An older Kubernetes refuses `sleep`; since there is one, no program is needed for it."""
    wanted = "sleep" if _version(kubernetes) >= _SLEEP_SINCE else "exec"
    for pod in _servers(installed):
        form = pod.spec["containers"][0].get("lifecycle", {}).get("preStop", {})
        if [wanted] != list(form):
            yield f"{pod.name}: preStop by {list(form)}, where {kubernetes} wants {wanted}"


def probes(installed: Installed, _: str) -> Iterator[str]:
    """All three; a liveness probe that is in a hurry kills pods that are only busy."""
    for pod in installed.pods:
        for container in pod.spec["containers"] if pod.runs_on else []:
            for probe in {"startupProbe", "livenessProbe", "readinessProbe"} - container.keys():
                yield f"{pod.name} has no {probe}"
            if container.get("livenessProbe", {}).get("timeoutSeconds", 1) < 3:
                yield f"{pod.name} is killed when it does not answer within 1 or 2 s"


def liveness_that_is_readiness(installed: Installed, _: str) -> Iterator[str]:
    """A pod that drains is not ready; to kill it for that would lose its orders."""
    for pod in _servers(installed):
        container = pod.spec["containers"][0]
        paths = [_path(container, probe) for probe in ("livenessProbe", "readinessProbe")]
        if paths != ["/livez", "/readyz"]:
            yield f"{pod.name} is alive by {paths[0]} and ready by {paths[1]}"


def replaced_one_by_one(installed: Installed, _: str) -> Iterator[str]:
    """A new pod works before an old one goes."""
    for deployment in installed.of("Deployment"):
        rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") not in (0, "0%"):
            yield f"{deployment['metadata']['name']} goes without a pod while it is replaced"


def change_without_a_roll(installed: Installed, _: str) -> Iterator[str]:
    """Pods read a ConfigMap at their start only: a sum of it in the template replaces them."""
    for pod in installed.pods:
        reads = [s for c in pod.containers for s in c.get("envFrom", []) if "configMapRef" in s]
        if pod.runs_on and reads and "checksum/config" not in pod.annotations:
            yield f"{pod.name} keeps old settings when its ConfigMap changes"


def shell_in_between(installed: Installed, _: str) -> Iterator[str]:
    """A shell does not pass SIGTERM on."""
    for pod in installed.pods:
        for container in pod.containers:
            if container.get("command", [""])[0].rpartition("/")[2] in {"sh", "bash"}:
                yield f"{pod.name}: {container['name']} runs in a shell"


def _servers(installed: Installed) -> list[Pod]:
    """The pods that speak HTTP."""
    return [
        pod
        for pod in installed.pods
        if pod.runs_on and _ports(pod.spec["containers"][0]) == ["http"]
    ]


def _ports(container: Object) -> list[str]:
    return [port["name"] for port in container.get("ports", [])]


def _path(container: Object, probe: str) -> str:
    return str(container.get(probe, {}).get("httpGet", {}).get("path"))


def _pre_stop_s(container: Object) -> float:
    form = container.get("lifecycle", {}).get("preStop", {})
    if "sleep" in form:
        return float(form["sleep"]["seconds"])
    return float(form.get("exec", {}).get("command", ["0"])[-1])


def _version(kubernetes: str) -> tuple[int, ...]:
    return tuple(map(int, kubernetes.split(".")))


POLICIES = (
    drain_adds_up,
    no_time_for_endpoints,
    pre_stop_of_its_time,
    probes,
    liveness_that_is_readiness,
    replaced_one_by_one,
    change_without_a_roll,
    shell_in_between,
)
