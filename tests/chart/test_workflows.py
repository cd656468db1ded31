"""The workflows: what they may do, whose code they run, and what they never do."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.chart.rendering import HELMS
from tests.chart.tools import CHART, ROOT, helm, linter, run

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI = "ci.yml"
PUBLISH = "publish.yml"

PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
PUBLISHES = re.compile(r"secrets\.|login-action|push: true|helm push|docker push|cosign sign")


def faults(name: str, text: str) -> set[str]:
    """What is wrong with a workflow."""
    workflow = yaml.safe_load(text)
    uses = [line for line in text.splitlines() if "uses:" in line]
    triggers = workflow[True]  # YAML 1.1 reads "on" so
    jobs = workflow["jobs"].values()
    steps = [step for job in jobs for step in job["steps"]]
    checkouts = [step for step in steps if "checkout" in step.get("uses", "")]
    checks = {
        "an action that is not pinned": not all(PINNED.search(line) for line in uses),
        "more than reading by default": workflow.get("permissions") != {"contents": "read"},
        "writes to the repository": any(
            job.get("permissions", {}).get("contents") == "write" for job in jobs
        ),
        "runs strangers' code with secrets": "pull_request_target" in triggers,
        "a pull request publishes": "pull_request" in triggers and bool(PUBLISHES.search(text)),
        "the token stays behind": not all(
            step.get("with", {}).get("persist-credentials") is False for step in checkouts
        ),
        "runs for hours": not all("timeout-minutes" in job for job in jobs),
        "publishes what nobody checked": name == PUBLISH
        and not all("needs" in job or job["steps"][-1].get("run") == ".ci/run" for job in jobs),
    }
    return {fault for fault, broken in checks.items() if broken}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow(path: Path) -> None:
    """None of the known faults."""
    assert set() == faults(path.name, path.read_text())


@pytest.mark.parametrize(
    ("fault", "name", "good", "bad"),
    [
        ("an action that is not pinned", CI, r"checkout@\w+ # v5\.0\.0", "checkout@v5"),
        ("an action that is not pinned", CI, r"(checkout@\w+) # v5\.0\.0", r"\1"),
        ("more than reading by default", CI, r"contents: read", "contents: write"),
        ("more than reading by default", CI, r"permissions:\n  contents: read\n", ""),
        ("writes to the repository", PUBLISH, r"      contents: read", "      contents: write"),
        ("runs strangers' code with secrets", CI, r"pull_request:", "pull_request_target:"),
        ("a pull request publishes", CI, r"push: false", "push: true"),
        ("a pull request publishes", PUBLISH, r"on:\n", "on:\n  pull_request:\n"),
        ("the token stays behind", CI, r"persist-credentials: false", "fetch-depth: 1"),
        ("runs for hours", CI, r"timeout-minutes: \d+", "continue-on-error: false"),
        ("publishes what nobody checked", PUBLISH, r"    needs: check-and-test\n", ""),
    ],
)
def test_workflow_broken(fault: str, name: str, good: str, bad: str) -> None:
    """Each fault is seen."""
    (path,) = (path for path in WORKFLOWS if path.name == name)
    text = re.sub(good, bad, path.read_text(), count=1)

    assert text != path.read_text()
    assert fault in faults(name, text)


def steps_of(name: str, job: str) -> list[dict[str, Any]]:
    """The steps of a job."""
    steps: list[dict[str, Any]] = yaml.safe_load(
        (ROOT / ".github" / "workflows" / name).read_text()
    )["jobs"][job]["steps"]
    return steps


def test_pull_requests_run_what_ci_runs() -> None:
    """The same commands as on anybody's machine, and the cluster's."""
    commands = {
        step.get("run") for job in ("check-and-test", "cluster") for step in steps_of(CI, job)
    }

    assert {".ci/run", ".github/kind/roll.sh"} <= commands


def test_what_is_published() -> None:
    """Scanned before it is pushed; both platforms, with SBOM and provenance; signed by digest."""
    steps = steps_of(PUBLISH, "image")
    names = [step.get("uses", step.get("run", "")).partition("@")[0] for step in steps]
    pushed = next(step["with"] for step in steps if step.get("id") == "push")
    scan = next(step["with"] for step in steps if "scan-action" in step.get("uses", ""))

    assert names.index("anchore/scan-action") < names.index("docker/login-action")
    assert ("high", True) == (scan["severity-cutoff"], scan["fail-build"])
    assert "linux/amd64,linux/arm64" == pushed["platforms"]
    assert (True, True, "mode=max") == (pushed["push"], pushed["sbom"], pushed["provenance"])
    assert 'cosign sign --yes --recursive "$IMAGE@$DIGEST"' == steps[-1]["run"]


def test_the_chart_never_overwrites_the_image() -> None:
    """On Docker Hub chart and image would have one name, and one tag."""
    (push,) = (step["run"] for step in steps_of(PUBLISH, "chart") if step.get("id") == "push")

    assert '"oci://$folder"' in push
    assert "docker.io" not in push


@pytest.mark.parametrize("major", HELMS)
def test_the_chart_is_packaged_with_its_image(major: int, tmp_path: Path) -> None:
    """Whoever installs the published chart gets the image of the same tag, by its digest."""
    (step,) = (s["run"] for s in steps_of(PUBLISH, "chart") if "helm package" in s.get("run", ""))
    shutil.copytree(CHART, tmp_path / "helm_chart")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").symlink_to(helm(major).path)
    environment = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "IMAGE": "docker.io/you/order-service",
        "DIGEST": f"sha256:{'d' * 64}",
        "GITHUB_REF_NAME": "v1.2.3",
    }
    in_folder = f"cd {tmp_path}\n{step}"
    ended = run("bash", "-eo", "pipefail", "-c", in_folder, environment=environment)

    assert 0 == ended.code, ended.said
    assert (tmp_path / "order-service-1.2.3.tgz").exists()
    assert f"docker.io/you/order-service:1.2.3@sha256:{'d' * 64}" in ended.out


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_in_workflows(path: Path, tmp_path: Path) -> None:
    """They pass shellcheck like the others."""
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    files = [tmp_path / f"{number}.sh" for number in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{script}\n")

    assert "" == run(linter("shellcheck"), *map(str, files)).said


def test_the_load_in_kind_is_by_the_rules() -> None:
    """The namespace there takes restricted pods only."""
    job = yaml.safe_load((ROOT / ".github" / "kind" / "load.yaml").read_text())
    container = job["spec"]["template"]["spec"]["containers"][0]

    assert {"drop": ["ALL"]} == container["securityContext"]["capabilities"]
    assert "order-service:kind" == container["image"]
