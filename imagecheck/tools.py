"""The programs that build and run an image without a daemon, and how to get the missing ones."""

import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

PACKAGES: Final = {
    "buildah": "buildah",
    "podman": "podman",
    "debootstrap": "debootstrap",
}
"""Program and Debian's (and Ubuntu's) package of it."""

RUNTIMES: Final = ("runc", "crun")
"""What starts the container's process. In this order: crun 1.8 does not start where the old and the
new kind of cgroups are mounted side by side, runc does."""


class MissingToolError(Exception):
    """A program is not here; the text says how to install it."""


class ToolFailedError(Exception):
    """A program ended with an error; the text is its own."""


def find(names: Sequence[str]) -> str:
    """Return the container runtime, after making sure that each of `names` is here.

    Raises:
        MissingToolError: One is not.
    """
    missing = [name for name in names if shutil.which(name) is None]
    runtime = next((name for name in RUNTIMES if shutil.which(name)), "")
    packages = [PACKAGES[name] for name in missing] + ([] if runtime else [RUNTIMES[0]])
    if packages:
        lacking = " and ".join([*missing, *([] if runtime else [" or ".join(RUNTIMES)])])
        raise MissingToolError(
            f"there is no {lacking} here; on Debian and Ubuntu: "
            f"apt-get install --no-install-recommends {' '.join(packages)}"
        )
    return runtime


def run(*command: str, bound_s: float, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program to its end.

    Raises:
        ToolFailedError: It ended with an error (unless not `check`), or not within `bound_s`.
    """
    try:
        ended = subprocess.run(  # noqa: S603 - the commands are built in this package
            command, capture_output=True, text=True, errors="replace", timeout=bound_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise ToolFailedError(f"not done in {bound_s:g} s: {' '.join(command)}") from None
    if check and ended.returncode != 0:
        last = "\n".join((ended.stdout + ended.stderr).splitlines()[-15:])
        raise ToolFailedError(f"exit code {ended.returncode}: {' '.join(command)}\n{last}")
    return ended
