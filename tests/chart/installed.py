"""The objects of one rendering as a whole: who runs, who selects whom, which settings hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.chart.rendering import Object

ORDERS: Final = "orders"
"""The component that the order service itself is."""

_COMPONENT: Final = "app.kubernetes.io/component"
_CPU: Final = re.compile(r"(?P<milli>\d+)m|(?P<cores>\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that an object makes, or is."""

    owner: Object
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: Object

    @property
    def name(self) -> str:
        """Its owner's."""
        return f"{self.owner['kind']} {self.owner['metadata']['name']}"

    @property
    def component(self) -> str:
        """Which part of the system it is."""
        return self.labels.get(_COMPONENT, "")

    @property
    def runs_on(self) -> bool:
        """Whether it is meant to run until it is told to end."""
        return self.owner["kind"] in {"Deployment", "StatefulSet"}

    @property
    def containers(self) -> list[Object]:
        """All of them, those that run first too."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


@dataclass(frozen=True, slots=True)
class Installed:
    """What one `helm install` brings."""

    objects: list[Object]

    def of(self, *kinds: str) -> list[Object]:
        """The objects of these kinds."""
        return [found for found in self.objects if found["kind"] in kinds]

    def one(self, kind: str, name: str | None = None) -> Object:
        """The only object of this kind, or the one whose name ends so."""
        named = (found for found in self.of(kind) if found["metadata"]["name"].endswith(name or ""))
        (found,) = named
        return found

    def has(self, kind: str, name: str) -> bool:
        """Whether there is such an object."""
        return any(found["metadata"]["name"] == name for found in self.of(kind))

    @property
    def pods(self) -> list[Pod]:
        """All pods."""
        return list(self._pods())

    def pod(self, component: str = ORDERS) -> Pod:
        """The pod of a component that runs on."""
        (found,) = (pod for pod in self.pods if pod.component == component and pod.runs_on)
        return found

    def container(self, component: str = ORDERS) -> Object:
        """The first container of a component that runs on."""
        first: Object = self.pod(component).spec["containers"][0]
        return first

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the order service that comes from its ConfigMap."""
        (name,) = (
            source["configMapRef"]["name"]
            for source in self.container()["envFrom"]
            if "configMapRef" in source
        )
        data: dict[str, str] = self.one("ConfigMap", name)["data"]
        return data

    def selected(self, labels: dict[str, str]) -> list[Pod]:
        """The pods that have all of these labels."""
        return [pod for pod in self.pods if labels.items() <= pod.labels.items()]

    def _pods(self) -> Iterator[Pod]:
        for found in self.objects:
            match found["kind"]:
                case "Deployment" | "StatefulSet" | "Job":
                    template = found["spec"]["template"]
                    yield _pod(found, template["metadata"], template["spec"])
                case "Pod":
                    yield _pod(found, found["metadata"], found["spec"])


def _pod(owner: Object, metadata: Object, spec: Object) -> Pod:
    return Pod(owner, metadata.get("labels", {}), metadata.get("annotations", {}), spec)


def cores(quantity: object) -> float:
    """A CPU quantity as a number of cores."""
    found = _CPU.fullmatch(str(quantity))
    assert found, f"no CPU quantity: {quantity!r}"
    return int(found["milli"]) / 1000 if found["milli"] else float(found["cores"])


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - any part of an object
    """All text in a part of an object, keys too."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)
