"""buildah and podman on a storage of their own, so that nobody's images are touched."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from imagecheck.tools import ToolFailedError, run

IMAGE: Final = "localhost/order-service:image-check"

BUILD_BOUND_S: Final = 900.0
"""A quarter of a minute; minutes where the base image comes over a slow line."""

_CALL_BOUND_S: Final = 120.0
"""A second or two each; vfs copies the whole image for every container."""

_LIMITS: Final = ("--cpus", "0.5", "--memory", "512m")
"""The chart's memory limit, and half a core: less than the chart lets anybody set as a limit, so
that what works here works on a slow machine too."""

_RESTRICTED: Final = (
    *("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp"),  # noqa: S108 - the container's
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
)
"""The pod's security context, in podman's words."""

_ANYWHERE: Final = (
    *("--network", "host", "--pull", "never"),
    *("--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096"),
)
"""podman's own ulimits are more than may be asked for where the machine is a container itself."""


class Engine:
    """Builds one image and runs containers of it.

    Args:
        folder: Where images and containers are stored.
        runtime: runc or crun.
    """

    def __init__(self, folder: Path, runtime: str) -> None:
        # vfs copies instead of stacking layers: slower, and asks nothing of the kernel.
        storage = (
            *("--root", str(folder / "storage"), "--runroot", str(folder / "run")),
            *("--storage-driver", "vfs"),
        )
        self._buildah = ("buildah", *storage)
        # Nor is there always a systemd to ask for cgroups or to keep a journal.
        without_systemd = ("--cgroup-manager", "cgroupfs", "--events-backend", "file")
        self.command = ("podman", *storage, *without_systemd, "--runtime", runtime)

    def buildah(self, *arguments: str, bound_s: float = _CALL_BOUND_S) -> str:
        """Standard output of a buildah command."""
        return run(*self._buildah, *arguments, bound_s=bound_s).stdout.strip()

    def podman(self, *arguments: str, bound_s: float = _CALL_BOUND_S) -> str:
        """Standard output of a podman command."""
        return run(*self.command, *arguments, bound_s=bound_s).stdout.strip()

    def has(self, image: str) -> bool:
        """Whether this image is in the storage."""
        asked = (*self.command, "image", "exists", image)
        return run(*asked, bound_s=_CALL_BOUND_S, check=False).returncode == 0

    def config(self) -> dict[str, Any]:
        """What the image says of how it is to be run: User, Cmd, Env and the like."""
        config: dict[str, Any] = json.loads(self.podman("image", "inspect", IMAGE))[0]["Config"]
        return config

    @contextmanager
    def files(self) -> Iterator[Path]:
        """The image's tree, to be looked at."""
        place = self.podman("image", "mount", IMAGE)
        try:
            yield Path(place)
        finally:
            self.podman("image", "unmount", IMAGE)

    @contextmanager
    def running(
        self, name: str, command: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
    ) -> Iterator["Container"]:
        """A container of the image, restricted and limited, while the block lasts.

        Args:
            name: What it is called here.
            command: Instead of the image's own.
            environment: Its settings.
        """
        unique = f"image-check-{os.getpid()}-{name}"
        settings = [f"--env={key}={value}" for key, value in (environment or {}).items()]
        kept = (*_ANYWHERE, *_RESTRICTED, *_LIMITS, *settings)
        try:
            self.podman("run", "--detach", "--name", unique, *kept, IMAGE, *command)
            yield Container(self, unique)
        finally:
            self.podman("rm", "--force", "--time", "0", "--ignore", unique)


class Container:
    """One that has been started."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.name = name
        self.pid = int(engine.podman("inspect", name, "--format", "{{.State.Pid}}"))

    def signal(self, name: str) -> None:
        """Send its first process a signal."""
        self._engine.podman("kill", "--signal", name, self.name)

    def exit_code(self, *, bound_s: float) -> int | None:
        """Wait for its end; None when it does not come in time."""
        try:
            return int(self._engine.podman("wait", self.name, bound_s=bound_s))
        except ToolFailedError:
            return None

    def does(self, *command: str) -> str:
        """Standard output of a command inside it; of one that fails, what it said."""
        ended = run(
            *self._engine.command, "exec", self.name, *command, bound_s=_CALL_BOUND_S, check=False
        )
        return (ended.stdout + ended.stderr).strip()

    def log(self, lines: int = 10) -> str:
        """The last lines it wrote."""
        return self._engine.podman("logs", "--tail", str(lines), self.name)
