"""The "restricted" Pod Security Standard, and what goes beyond it."""

import re
from collections.abc import Iterator
from typing import Final

from tests.chart.installed import Installed, Pod, strings
from tests.chart.rendering import Object

_VOLUMES: Final = {"configMap", "emptyDir", "persistentVolumeClaim", "secret", "projected"}
"""Those that the standard allows and anybody here needs; hostPath is not among them."""

_SECRET_NAME: Final = re.compile(r"PASSWORD|SECRET|TOKEN|KEY$|DATABASE_URL")
_PASSWORD_IN_URL: Final = re.compile(r"://[^/@\s]*:[^/@\s]+@")


def restricted_pod(installed: Installed, _: str) -> Iterator[str]:
    """Not root, the default system calls, nothing of the node."""
    for pod in installed.pods:
        security = pod.spec.get("securityContext", {})
        if security.get("runAsNonRoot") is not True or security.get("runAsUser") == 0:
            yield f"{pod.name} may be root"
        if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{pod.name} may use every system call"
        if {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys() or "sysctls" in security:
            yield f"{pod.name} shares what is the node's"
        for volume in pod.spec.get("volumes", []):
            if kinds := volume.keys() - _VOLUMES - {"name"}:
                yield f"{pod.name} mounts {sorted(kinds)}"


def restricted_container(installed: Installed, _: str) -> Iterator[str]:
    """No privilege, no capability, no port of the node, nothing written but where it is meant."""
    for pod in installed.pods:
        for container in pod.containers:
            for complaint in _container(container):
                yield f"{pod.name}: {container['name']} {complaint}"


def _container(container: Object) -> Iterator[str]:
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield "may become more than it is"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "has capabilities"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "may write to its image"
    if security.get("runAsNonRoot") is False or security.get("runAsUser") == 0:
        yield "may be root"
    if "procMount" in security or any("hostPort" in port for port in container.get("ports", [])):
        yield "shares what is the node's"


def somewhere_to_write(installed: Installed, _: str) -> Iterator[str]:
    """Python wants a /tmp, and the image is read-only."""
    for pod in installed.pods:
        mounts = {mount["mountPath"] for c in pod.containers for mount in c.get("volumeMounts", [])}
        if pod.runs_on and "/tmp" not in mounts:  # noqa: S108 - a path in the pod
            yield f"{pod.name} has no /tmp"


def no_token(installed: Installed, _: str) -> Iterator[str]:
    """Nobody here speaks to Kubernetes; and links of other Services would look like settings."""
    for pod in installed.pods:
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.name} gets a token of the cluster"
        if pod.spec.get("enableServiceLinks") is not False:
            yield f"{pod.name} gets an environment variable for every Service"


def secrets_by_reference(installed: Installed, _: str) -> Iterator[str]:
    """What is in values is in the release, in git and in the shell's history."""
    for secret in installed.of("Secret"):
        yield f"Secret {secret['metadata']['name']} is made of values"
    for pod in installed.pods:
        for name, value in _variables(pod):
            if _SECRET_NAME.search(name) and name != "DATABASE_URL":
                yield f"{pod.name}: the value of {name} is written down"
            if _PASSWORD_IN_URL.search(value):
                yield f"{pod.name}: {name} holds a password"


def _variables(pod: Pod) -> Iterator[tuple[str, str]]:
    for container in pod.containers:
        for variable in container.get("env", []):
            if "value" in variable:
                yield variable["name"], variable["value"]


def unexpanded(installed: Installed, _: str) -> Iterator[str]:
    """Helm leaves ${…} as it is, and so would Kubernetes."""
    for found in installed.objects:
        for text in strings({} if _is_scripts(found) else found):
            if "${" in text:
                yield f"{found['kind']} {found['metadata']['name']}: {text} is expanded by nobody"


def _is_scripts(found: Object) -> bool:
    name: str = found["metadata"]["name"]
    return found["kind"] == "ConfigMap" and name.endswith("-scripts")


def image_that_names_one(installed: Installed, _: str) -> Iterator[str]:
    """Under `latest`, or no tag, pods of one Deployment may run different things."""
    for pod in installed.pods:
        for container in pod.containers:
            name, _at, digest = container["image"].partition("@")
            tag = name.rpartition("/")[2].partition(":")[2]
            if not digest and tag in ("", "latest"):
                yield f"{pod.name}: which {container['image']} is meant changes with time"


POLICIES = (
    restricted_pod,
    restricted_container,
    somewhere_to_write,
    no_token,
    secrets_by_reference,
    unexpanded,
    image_that_names_one,
)
