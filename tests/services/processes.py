"""Services as real processes, to be killed and started again."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

ROOT = Path(__file__).parents[2]
# A start or an end that takes longer than this has failed, even on a busy laptop.
PATIENCE_S = 30


@dataclass(frozen=True)
class RunningService:
    """A service in a process of its own."""

    process: asyncio.subprocess.Process
    url: str

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


Launch = Callable[[str, str], Awaitable[RunningService]]


async def launch_service(name: str, database_url: str) -> RunningService:
    """Start `python -m services NAME` on a free port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", name, "--port", "0"),
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=PIPE,
    )
    port = await asyncio.wait_for(_port(process), PATIENCE_S)
    return RunningService(process, f"http://127.0.0.1:{port}")


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    async for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "listening":
            port: int = event["port"]
            return port
    raise AssertionError("the service ended without listening")
