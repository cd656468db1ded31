"""docker, helm, minikube and kubectl that only write down how they were called."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = ROOT / "deploy.sh"

TOOLS: Final = ("docker", "helm", "minikube", "kubectl")
BORROWED: Final = ("bash", "env", "dirname", "sed", "head", "cat")
"""All else that the script may use: whatever it does not find there, a user may not have."""

IMAGE_ID: Final = f"sha256:{'1a2b3c4d5e6f' * 6}"[:71]
TAG: Final = "1a2b3c4d5e6f"
DIGEST: Final = f"sha256:{'9' * 64}"

# A call is a line, its words apart by tabs, after the name of the tool.
_FAKE: Final = """#!/usr/bin/env bash
{{ printf '%s' {name}; printf '\\t%s' "$@"; printf '\\n'; }} >>"{log}"
case "{name} $*" in
{answers}
    *) ;;
esac
"""

ANSWERS: Final = {
    "docker image inspect --format {{.Id}} *": f"echo {IMAGE_ID}",
    "docker image inspect --format {{range*": f"echo you/order-service@{DIGEST}",
    "helm version --short": "echo v4.1.4+g05fa379",
    "minikube * ip": "echo 192.168.49.2",
    "kubectl * get service *nodePort*": "echo 30001",
    "kubectl * get service *name*": "echo order-service",
    "kubectl * get service *port*": "echo 8080",
    "kubectl * get nodes *": "echo 10.0.0.7",
}
"""What the tools say where all is well, by a pattern of the shell."""


@dataclass(frozen=True, slots=True)
class Run:
    """How the script ended, and whom it called."""

    code: int
    out: str
    err: str
    calls: tuple[tuple[str, ...], ...]

    def called(self, *words: str) -> list[tuple[str, ...]]:
        """The calls that have all of these words."""
        return [call for call in self.calls if set(words) <= set(call)]


@dataclass(slots=True)
class Machine:
    """A machine with these tools, and what they answer."""

    folder: Path
    tools: tuple[str, ...] = TOOLS
    answers: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: {"DOCKER_HUB_USERNAME": "you"})

    def run(self, *arguments: str) -> Run:
        """Run the script on it, from another folder than the project's."""
        log = self.folder / "calls"
        log.write_text("")
        ended = subprocess.run(
            [SCRIPT, *arguments],
            cwd=self.folder,
            env={"PATH": str(self._path(log)), "HOME": str(self.folder), **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        calls = tuple(tuple(line.split("\t")) for line in log.read_text().splitlines())
        return Run(ended.returncode, ended.stdout, ended.stderr, calls)

    def _path(self, log: Path) -> Path:
        folder = self.folder / "bin"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in BORROWED:
            found = shutil.which(name)
            assert found, f"no {name} here"
            (folder / name).symlink_to(found)
        for name in self.tools:
            (folder / name).write_text(self._fake(name, log))
            (folder / name).chmod(0o755)
        return folder

    def _fake(self, name: str, log: Path) -> str:
        given = {**self.answers, **{k: v for k, v in ANSWERS.items() if k not in self.answers}}
        cases = [
            f"    {pattern.replace(' ', chr(92) + ' ')}) {answer} ;;"
            for pattern, answer in given.items()
            if pattern.startswith(f"{name} ")
        ]
        return _FAKE.format(name=name, log=log, answers="\n".join(cases))
