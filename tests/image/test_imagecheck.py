"""The check of the image sees what it is to see, and says what it lacks; no image is built here."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imagecheck.contents import PROGRAM, caches, compilers, strangers, without_bytecode, writable
from imagecheck.report import Report
from imagecheck.tools import MissingToolError, ToolFailedError, find, run
from testbed.folders import ROOT

USER = 10001
LOOKS: dict[str, Callable[[Path], list[str]]] = {
    "compilers": compilers,
    "caches": caches,
    "strangers": strangers,
    "writable": lambda image: writable(image, USER),
    "without bytecode": without_bytecode,
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Make a tree as an image's should be."""
    for file in (
        "usr/bin/python3",
        "packages/bin/uvicorn",
        f"{PROGRAM}/app.py",
        f"{PROGRAM}/__pycache__/app.cpython-311.pyc",
        f"{PROGRAM}/clients/retry.py",
        f"{PROGRAM}/clients/__pycache__/retry.cpython-311.pyc",
    ):
        put(tmp_path, file)
    return tmp_path


def put(image: Path, file: str, mode: int = 0o644) -> None:
    """One file."""
    path = image / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(mode)


def found(image: Path) -> dict[str, list[str]]:
    """What each look finds, where it finds anything."""
    return {name: seen for name, look in LOOKS.items() if (seen := look(image))}


def test_nothing_wrong(image: Path) -> None:
    """A good image."""
    assert {} == found(image)


@pytest.mark.parametrize(
    ("what", "file", "mode"),
    [
        ("compilers", "usr/bin/gcc", 0o755),
        ("caches", "root/.cache/pip/http/a", 0o644),
        ("strangers", f"{PROGRAM}/tests/conftest.py", 0o644),
        ("strangers", f"{PROGRAM}/.env", 0o644),
        ("writable", f"{PROGRAM}/clients/open.txt", 0o666),
        ("writable", "packages/open.py", 0o666),
        ("without bytecode", f"{PROGRAM}/clients/late.py", 0o644),
    ],
)
def test_each_fault_is_seen(image: Path, what: str, file: str, mode: int) -> None:
    """A file that must not be there, or not so."""
    put(image, file, mode)

    assert what in found(image)


def test_own_files_are_seen(image: Path) -> None:
    """What belongs to the user that the program runs as, it could change."""
    owner = (image / PROGRAM / "app.py").stat().st_uid

    assert f"/{PROGRAM}/app.py" in writable(image, owner)


def check_image(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The whole program, with the tools that are on this path."""
    return subprocess.run(
        [sys.executable, "-m", "imagecheck", *arguments],
        cwd=ROOT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_tool_is_missing() -> None:
    """It is named, with the packages that bring it; nothing is begun."""
    ended = check_image("/nowhere", "--stand-in")

    assert 2 == ended.returncode
    assert "there is no buildah and podman and debootstrap and runc or crun here" in ended.stderr
    assert "apt-get install --no-install-recommends buildah podman debootstrap runc" in ended.stderr


def test_the_base_cannot_be_had(tmp_path: Path) -> None:
    """The builder's own words, and the way without a registry."""
    for name in ("buildah", "podman", "runc"):
        put(tmp_path, name, 0o755)
        (tmp_path / name).write_text("#!/bin/sh\necho pinging registry: refused >&2\nexit 125\n")
    ended = check_image(f"{tmp_path}:/usr/bin:/bin")

    assert 2 == ended.returncode
    assert "pinging registry: refused" in ended.stderr
    assert "make image-check ARGS=--stand-in" in ended.stderr


def test_nothing_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first runtime that is there serves."""
    monkeypatch.setenv("PATH", str(tmp_path))
    put(tmp_path, "buildah", 0o755)
    with pytest.raises(MissingToolError, match="no runc or crun"):
        find(("buildah",))
    put(tmp_path, "crun", 0o755)

    assert "crun" == find(("buildah",))


def test_a_tool_fails() -> None:
    """What it said last is in the error."""
    with pytest.raises(ToolFailedError, match=r"exit code 3.*\n.*no such image"):
        run(sys.executable, "-c", "import sys; print('no such image'); sys.exit(3)", bound_s=60)


def test_report_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """One thing that is wrong is enough."""
    report = Report()
    report.saw("good", good=True)
    report.saw("bad", good=False)

    assert (2, 1) == (report.seen, report.wrong)
    assert ["  ✓ good", "  ✗ bad"] == capsys.readouterr().out.splitlines()
