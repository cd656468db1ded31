"""What the image is built on: the Dockerfile's own base image, or one made here that stands in.

The stand-in is for machines that reach packages and no registry of images: a minimal Debian of the
release that the Dockerfile names, with that release's Python, which is of the same version. What it
cannot show is anything about the Dockerfile's own base; all the rest of the image is the same.
"""

import platform
import shutil
from pathlib import Path
from typing import Final

from imagecheck.engine import BUILD_BOUND_S, IMAGE, Engine
from imagecheck.tools import ToolFailedError, run
from testbed.folders import ROOT

STAND_IN: Final = "localhost/python-stand-in:3.11-bookworm"

_DEBIAN: Final = "bookworm"
"""Its python3 is 3.11, as in the Dockerfile's python:3.11-slim-bookworm."""

_PYTHON: Final = "/usr/bin/python3"
_WHEELS: Final = "/wheels"
_DEBIAN_BOUND_S: Final = 900.0
"""Two minutes; a hundred packages come over the network and are set up one by one."""

_BUILD: Final = ("build", "--isolation", "chroot", "--quiet", f"--tag={IMAGE}")
"""chroot: where the machine is a container itself, nothing more may be asked for."""

_PLATFORMS: Final = ("manylinux_2_17", "manylinux2014", "manylinux_2_28")
"""As in the Dockerfile."""


def make_stand_in(engine: Engine, folder: Path) -> None:
    """Put STAND_IN into the storage, unless it is there."""
    if engine.has(STAND_IN):
        return
    tree = folder / "debian"
    packages = "--include=python3,python3-pip"
    made = ("debootstrap", "--variant=minbase", packages, _DEBIAN, str(tree))
    try:
        run(*made, bound_s=_DEBIAN_BOUND_S)
        (tree / "usr/local/bin/python").symlink_to(_PYTHON)
        container = engine.buildah("from", "--pull-never", "scratch")
        engine.buildah("add", container, str(tree), "/")
        path = "/usr/local/bin:/usr/bin:/bin"
        engine.buildah("config", "--env", f"PATH={path}", container)
        engine.buildah("commit", "--rm", container, STAND_IN)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def build(engine: Engine) -> None:
    """Build the image as anybody would: base and packages are fetched by the build."""
    try:
        engine.buildah(*_BUILD, str(ROOT), bound_s=BUILD_BOUND_S)
    except ToolFailedError as failure:
        hint = "where no registry of images is reached: make image-check ARGS=--stand-in"
        raise ToolFailedError(f"{failure}\n{hint}") from None


def build_on_stand_in(engine: Engine, folder: Path, python: str) -> None:
    """Build it from what this machine's pip fetched beforehand, wherever that takes packages from.

    Args:
        engine: What builds.
        folder: Where the packages are put.
        python: The interpreter whose pip it is.
    """
    wheels = folder / "wheels"
    run(
        *(python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", f"--dest={wheels}"),
        *(f"--platform={name}_{platform.machine()}" for name in _PLATFORMS),
        f"--requirement={ROOT / 'requirements.txt'}",
        bound_s=BUILD_BOUND_S,
    )
    pip = folder / "pip.conf"
    pip.write_text(f"[global]\nno-index = true\nfind-links = {_WHEELS}\n")
    engine.buildah(
        *_BUILD,
        *("--pull-never", f"--build-arg=PYTHON_IMAGE={STAND_IN}"),
        *(f"--volume={wheels}:{_WHEELS}:ro", f"--volume={pip}:/etc/pip.conf:ro"),
        str(ROOT),
        bound_s=BUILD_BOUND_S,
    )
