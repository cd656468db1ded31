"""The linters find nothing, and would find something."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.rendering import HELMS, values_file
from tests.chart.tools import CHART, ROOT, Finished, helm, linter, run

VALUE_FILES = ("minikube", "production", "everything")


def shellcheck(*files: Path) -> Finished:
    """What shellcheck says."""
    return run(linter("shellcheck"), *map(str, files))


def hadolint(file: Path) -> Finished:
    """What hadolint says."""
    return run(linter("hadolint"), str(file))


def yamllint(*files: Path) -> Finished:
    """What yamllint says."""
    rules = ("--strict", "--config-file", str(Path(__file__).parent / "yamllint.yaml"))
    return run(linter("yamllint"), *rules, *map(str, files))


def zizmor(*files: Path) -> Finished:
    """What zizmor says; it asks nobody in the network."""
    quietly = ("--offline", "--quiet", "--color=never", "--persona=pedantic")
    return run(linter("zizmor"), *quietly, *map(str, files))


@pytest.mark.parametrize("major", HELMS)
@pytest.mark.parametrize("name", VALUE_FILES)
def test_chart(name: str, major: int) -> None:
    """The chart, with its own values files."""
    ended = helm(major).run("lint", "--strict", str(CHART), "--values", str(values_file(name)))

    assert (0, True) == (ended.code, "1 chart(s) linted, 0 chart(s) failed" in ended.said)


@pytest.mark.parametrize("major", HELMS)
def test_a_broken_chart(major: int, tmp_path: Path) -> None:
    """A template that is no YAML is found."""
    shutil.copytree(CHART, tmp_path / "chart")
    (tmp_path / "chart" / "templates" / "broken.yaml").write_text("a: b: c\n")

    assert 0 != helm(major).run("lint", "--strict", str(tmp_path / "chart")).code


def test_shell() -> None:
    """Every shell script of the project."""
    scripts = [
        file
        for pattern in ("*.sh", ".ci/*", ".github/**/*.sh")
        for file in ROOT.glob(pattern)
        if file.is_file()
    ]

    assert ROOT / "deploy.sh" in scripts
    assert "" == shellcheck(*scripts).said


def test_dockerfile() -> None:
    """The Dockerfile, without an exception."""
    assert "" == hadolint(ROOT / "Dockerfile").said


def test_yaml() -> None:
    """What is YAML as it stands: values, workflows, forms."""
    files = [*CHART.glob("*.yaml"), *(ROOT / ".github").rglob("*.yml")]
    files += [*(ROOT / ".github").rglob("*.yaml"), *(Path(__file__).parent / "values").iterdir()]

    assert "" == yamllint(*files).said


def test_workflows() -> None:
    """Whatever may be dangerous in a workflow, the pedantic kind included."""
    ended = zizmor(ROOT / ".github")

    assert (0, "No findings to report.") == (
        ended.code,
        ended.out.strip().partition(" Good job")[0],
    )


INJECTION = """
on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
      - run: echo "${{ github.event.pull_request.title }}"
"""


@pytest.mark.parametrize(
    ("lint", "name", "text"),
    [
        (shellcheck, "script.sh", "#!/bin/bash\nrm -rf $1/*\n"),
        (hadolint, "Dockerfile", "FROM python\nRUN apt-get install curl\nCMD uvicorn app:app\n"),
        (yamllint, "values.yaml", "a: 1\na: 2\n"),
        (zizmor, ".github/workflows/w.yml", INJECTION),
    ],
)
def test_it_would_find_something(
    lint: Callable[[Path], Finished], name: str, text: str, tmp_path: Path
) -> None:
    """A file with a known fault is not let through."""
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)

    assert 0 != lint(file).code
