"""What a running container may do: read from the kernel, not from what was asked for."""

from pathlib import Path
from typing import Final

from imagecheck.engine import Container
from imagecheck.report import Report

_CPU: Final = (
    "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
)
_MEMORY: Final = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
_PEAK: Final = (
    "/sys/fs/cgroup/memory.peak",
    "/sys/fs/cgroup/memory/memory.max_usage_in_bytes",
)
"""The new kind of cgroups first, then the old."""

_HALF_A_CORE_US: Final = "50000"  # in each period of 100000 µs
_MEMORY_LIMIT: Final = str(512 * 1024 * 1024)
_MIB: Final = 1024 * 1024


def check_restrictions(container: Container, user: str, report: Report) -> None:
    """User, first process, capabilities, root file system, limits."""
    status = _status(container.pid)
    command = Path(f"/proc/{container.pid}/cmdline").read_bytes().decode().split("\0")
    owner = f"{status['Uid'].split()[0]}:{status['Gid'].split()[0]}"
    report.saw(f"it runs as user {owner}", good=owner == user)
    first = status["NSpid"].split()[-1] == "1" and any("uvicorn" in word for word in command[:2])
    report.saw(f"process 1 is the server itself: {' '.join(command).strip()}", good=first)
    none_left = int(status["CapBnd"], 16) == 0 == int(status["CapEff"], 16)
    report.saw(f"capabilities it has or could get: {status['CapBnd']}", good=none_left)
    report.saw("it can gain no privileges by exec", good=status["NoNewPrivs"] == "1")
    report.saw("system calls are filtered (seccomp)", good=status["Seccomp"] == "2")
    refusal = container.does("touch", "/order-service/x")
    report.saw(f"its root is read-only: {refusal}", good="Read-only file system" in refusal)
    said = container.does("touch", "/tmp/x")  # noqa: S108 - the container's
    report.saw("/tmp can be written to", good=not said)  # noqa: S108 - as above
    _limits(container, report)


def memory_peak_mib(container: Container) -> str:
    """The most memory that it has had so far, in MiB; "unknown" where no cgroup tells."""
    peak = _first(container, _PEAK)
    return f"{int(peak) / _MIB:.0f} MiB" if peak.isdigit() else "unknown"


def _limits(container: Container, report: Report) -> None:
    cpu = _first(container, _CPU).partition(" ")[0]
    memory = _first(container, _MEMORY)
    report.saw(f"0.5 CPU, enforced: {cpu or 'no'} µs of 100000", good=cpu == _HALF_A_CORE_US)
    report.saw(f"512 MiB, enforced: {memory or 'no'} bytes", good=memory == _MEMORY_LIMIT)


def _first(container: Container, places: tuple[str, ...]) -> str:
    """What the first of these files says, as the container sees it; empty where there is none."""
    for place in places:
        said = container.does("cat", place)
        if "No such file" not in said:
            return said
    return ""


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.strip() for name, _, rest in (line.partition(":") for line in lines)}
