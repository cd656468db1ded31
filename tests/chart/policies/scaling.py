"""How many pods there are, who says so, and how few there may be."""

from collections.abc import Iterator

from tests.chart.installed import Installed, cores
from tests.chart.rendering import Object


def replicas_beside_a_scaler(installed: Installed, _: str) -> Iterator[str]:
    """Two who write spec.replicas: Helm 4's next upgrade fails, Helm 3 goes back to one pod."""
    for scaler in installed.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = _target(installed, scaler)
        if "replicas" in target["spec"]:
            yield f"{_name(target)} has replicas, and {_name(scaler)} too"


def two_scalers(installed: Installed, _: str) -> Iterator[str]:
    """KEDA makes an HPA of its own: beside another they fight."""
    scalers = installed.of("HorizontalPodAutoscaler", "ScaledObject")
    targets = [scaler["spec"]["scaleTargetRef"]["name"] for scaler in scalers]
    for target in set(targets):
        if targets.count(target) > 1:
            yield f"{target} is scaled by {targets.count(target)}"


def scaling_down_in_haste(installed: Installed, _: str) -> Iterator[str]:
    """Every pod that goes must drain: one at a time, and not for a dip in the load."""
    for scaler in installed.of("HorizontalPodAutoscaler", "ScaledObject"):
        down = _behavior(scaler).get("scaleDown", {})
        if down.get("stabilizationWindowSeconds", 0) < 300:
            yield f"{_name(scaler)} scales down within five minutes"
        if [1] != [policy["value"] for policy in down.get("policies", [])]:
            yield f"{_name(scaler)} takes more than one pod at a time"


def request_for_every_container(installed: Installed, _: str) -> Iterator[str]:
    """One container without a CPU request, and the HPA reads <unknown>; memory is for the node."""
    for pod in installed.pods:
        for container in pod.containers:
            requests = container.get("resources", {}).get("requests", {})
            for resource in {"cpu", "memory"} - requests.keys():
                yield f"{pod.name}: {container['name']} requests no {resource}"


def memory_limit(installed: Installed, _: str) -> Iterator[str]:
    """A pod without one takes its neighbours along when it leaks."""
    for pod in installed.pods:
        for container in pod.containers:
            if "memory" not in container.get("resources", {}).get("limits", {}):
                yield f"{pod.name}: {container['name']} has no limit of memory"


def throttled(installed: Installed, _: str) -> Iterator[str]:
    """A CPU limit below one core stops the event loop in the middle of its orders."""
    for pod in installed.pods:
        for container in pod.containers:
            limit = container.get("resources", {}).get("limits", {}).get("cpu")
            if limit is not None and cores(limit) < 1:
                yield f"{pod.name}: {container['name']} may use {limit} of a core"


def budget_with_one_bound(installed: Installed, _: str) -> Iterator[str]:
    """Kubernetes refuses a budget with both bounds, and one with none protects nothing."""
    for budget in installed.of("PodDisruptionBudget"):
        bounds = {"minAvailable", "maxUnavailable"} & budget["spec"].keys()
        if len(bounds) != 1:
            yield f"{_name(budget)} has the bounds {sorted(bounds)}"


def budget_that_blocks(installed: Installed, _: str) -> Iterator[str]:
    """With as many pods needed as there are, or sick ones protected, no node can be drained."""
    for budget in installed.of("PodDisruptionBudget"):
        spec = budget["spec"]
        if spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{_name(budget)} protects pods that are not ready"
        if spec.get("maxUnavailable") in (0, "0%") or spec.get("minAvailable") == "100%":
            yield f"{_name(budget)} lets no pod go"
        least = spec.get("minAvailable")
        if isinstance(least, int) and least >= _fewest(installed):
            yield f"{_name(budget)} wants {least} of as few as {_fewest(installed)} pods"


def _fewest(installed: Installed) -> int:
    for scaler in installed.of("HorizontalPodAutoscaler", "ScaledObject"):
        spec = scaler["spec"]
        return int(spec.get("minReplicas", spec.get("minReplicaCount", 1)))
    return int(installed.pod().owner["spec"].get("replicas", 1))


def _target(installed: Installed, scaler: Object) -> Object:
    target = scaler["spec"]["scaleTargetRef"]
    return installed.one(target["kind"], target["name"])


def _behavior(scaler: Object) -> Object:
    if scaler["kind"] == "HorizontalPodAutoscaler":
        found: Object = scaler["spec"].get("behavior", {})
    else:
        config = scaler["spec"].get("advanced", {}).get("horizontalPodAutoscalerConfig", {})
        found = config.get("behavior", {})
    return found


def _name(found: Object) -> str:
    return f"{found['kind']} {found['metadata']['name']}"


POLICIES = (
    replicas_beside_a_scaler,
    two_scalers,
    scaling_down_in_haste,
    request_for_every_container,
    memory_limit,
    throttled,
    budget_with_one_bound,
    budget_that_blocks,
)
