"""The Dockerfile and what is sent to it, read closely; `make image-check` builds and runs it."""

import ast
import re
from pathlib import Path

import pytest

from tests.chart.tools import ROOT

DOCKERFILE = ROOT / "Dockerfile"
CONTEXT = ROOT / ".dockerignore"

BASE = re.compile(r"^ARG PYTHON_IMAGE=\S+:3\.11-slim-[a-z]+@sha256:[0-9a-f]{64}$", re.MULTILINE)


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction with what follows it, over several lines, without comments."""
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def stages(text: str) -> list[list[tuple[str, str]]]:
    """The instructions of each stage."""
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions(text):
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def faults(text: str) -> set[str]:
    """What is wrong with a Dockerfile."""
    *_, last = stages(text)
    words = dict(last)
    checks = {
        "base without a digest": not BASE.search(text),
        "another base than the argument": "${PYTHON_IMAGE}" not in words["FROM"],
        "platform of the builder in the last stage": "--platform" in words["FROM"],
        "runs something in the last stage": "RUN" in words,
        "user is no number": not re.fullmatch(r"[1-9]\d*:[1-9]\d*", words.get("USER", "")),
        "command in a shell": not words.get("CMD", "").startswith('["uvicorn", "app:app"'),
        "not on port 8004": words.get("EXPOSE") != "8004" or '"8004"' not in words.get("CMD", ""),
        "packages unchecked": "--require-hashes" not in text or "--only-binary=:all:" not in text,
        "compiler": bool(re.search(r"\b(gcc|build-essential|apt-get)\b", text)),
    }
    return {name for name, broken in checks.items() if broken}


def test_the_dockerfile() -> None:
    """None of the known faults."""
    assert set() == faults(DOCKERFILE.read_text())


@pytest.mark.parametrize(
    ("fault", "good", "bad"),
    [
        ("base without a digest", r"@sha256:\w+", ""),
        ("another base than the argument", r"FROM \$\{PYTHON_IMAGE\}\n", "FROM python:3.11\n"),
        (
            "platform of the builder in the last stage",
            r"FROM \$\{PYTHON_IMAGE\}\n",
            "FROM --platform=$BUILDPLATFORM ${PYTHON_IMAGE}\n",
        ),
        ("runs something in the last stage", r"WORKDIR", "RUN true\nWORKDIR"),
        ("user is no number", r"USER .*", "USER orders"),
        ("command in a shell", r"CMD .*", "CMD uvicorn app:app --port 8004"),
        ("not on port 8004", r"EXPOSE 8004", "EXPOSE 8000"),
        ("packages unchecked", r"--require-hashes ", ""),
        ("compiler", r"RUN case", "RUN apt-get install gcc; case"),
    ],
)
def test_the_dockerfile_broken(fault: str, good: str, bad: str) -> None:
    """Each fault is seen."""
    text = re.sub(good, bad.replace("\\", "\\\\"), DOCKERFILE.read_text())

    assert fault in faults(text)


def copied() -> set[str]:
    """What the Dockerfile takes from the context."""
    return {
        rest.split()[0]
        for stage in stages(DOCKERFILE.read_text())
        for word, rest in stage
        if word == "COPY" and "--from" not in rest
    }


def test_nothing_else_is_sent_to_the_builder() -> None:
    """The context shuts out everything, then lets in what is copied: no tests, no .env, no .git."""
    lines = [line for line in CONTEXT.read_text().splitlines() if line and line[0] != "#"]
    let_in = {line[1:] for line in lines if line.startswith("!")}

    assert "*" == lines[0]
    assert copied() == let_in
    assert {"**/__pycache__", "**/*.pyc"} == set(lines) - {"*"} - {f"!{name}" for name in let_in}


def test_all_that_is_imported_is_copied() -> None:
    """Every module of ours that the two programs reach is in the image."""
    imported = {
        name.partition(".")[0]
        for folder in copied() - {"requirements.txt"}
        for file in ([ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
        for name in imports(file)
    }
    ours = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}

    assert {"orchestrator", "clients", "services"} <= imported
    assert set() == (imported & ours) - {name.removesuffix(".py") for name in copied()}


def imports(file: Path) -> set[str]:
    """The modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                found.add(node.module or "")
    return found


def test_packages_do_not_depend_on_the_machine_that_builds() -> None:
    """They are fetched on one machine for another: a marker would ask the wrong one."""
    assert "platform_machine" not in (ROOT / "requirements.txt").read_text()
