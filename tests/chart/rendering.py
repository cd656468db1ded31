"""What Helm makes of the chart, as objects."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.chart.tools import CHART, helm

Object = dict[str, Any]
"""One object of Kubernetes, or a part of one."""

VALUES: Final = Path(__file__).parent / "values"
VALUE_SETS: Final = tuple(sorted(path.stem for path in VALUES.glob("*.yaml")))
"""Ways to install the chart. The name of a file values-NAME.yaml of the chart stands for that."""

RELEASE: Final = "orders"
NAMESPACE: Final = "shop"

NEWEST_HELM: Final = 4
HELMS: Final = (3, 4)

KUBERNETES: Final = "1.34"
BEFORE_SLEEP: Final = "1.27"
"""Our oldest; the kubelet cannot sleep before 1.30."""


class Refused(Exception):  # noqa: N818 - as Helm says it
    """Helm does not render these values; the text is its own."""


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]  # as the import
    """Refuses a key that stands twice in a map, as an API server does."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401, FBT002 - the overridden method's
        """Make a dict of a map."""
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise ValueError(f"twice in one map: {twice}{node.start_mark}")
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


@cache
def render(
    *arguments: str, major: int = NEWEST_HELM, kubernetes: str = KUBERNETES, release: str = RELEASE
) -> str:
    """The chart as text, rendered with these further arguments.

    Raises:
        Refused: the values do not fit the schema, or a template said `fail`.
    """
    ended = helm(major).run(
        *("template", release, str(CHART), "--namespace", NAMESPACE),
        *("--kube-version", f"{kubernetes}.0", *arguments),
    )
    if ended.code != 0:
        raise Refused(ended.err)
    return ended.out


def render_set(name: str, *, major: int = NEWEST_HELM, kubernetes: str = KUBERNETES) -> str:
    """The chart as text with one of VALUE_SETS."""
    return render("--values", str(values_file(name)), major=major, kubernetes=kubernetes)


def values_file(name: str) -> Path:
    """Where the values of this name are."""
    own = CHART / f"values-{name}.yaml"
    return own if own.exists() else VALUES / f"{name}.yaml"


def parse(text: str) -> list[Object]:
    """The objects of a rendering, in its order; new ones each time."""
    return [found for found in yaml.load_all(text, _Loader) if found]


def with_settings(**settings: object) -> tuple[str, ...]:
    """Arguments for values by their path, with `__` for a dot: `hpa__enabled=False`."""
    pairs = ((path.replace("__", "."), value) for path, value in settings.items())
    return tuple(word for pair in pairs for word in _as_set(*pair))


def _as_set(path: str, value: object) -> Iterator[str]:
    yield "--set-json"
    match value:
        case None:
            yield f"{path}=null"
        case bool():
            yield f"{path}={str(value).lower()}"
        case str():
            yield f'{path}="{value}"'
        case _:
            yield f"{path}={value}"
