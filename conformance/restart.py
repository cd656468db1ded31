"""Restarting the service by a command of its owner's."""

import asyncio
import contextlib
import os
import signal
import tempfile
import time
import uuid
from asyncio.subprocess import DEVNULL, STDOUT
from typing import Final

from conformance.answer import shortened
from conformance.door import Door
from conformance.target import Restart
from conformance.violation import NotChecked, Violation
from conformance.wire import Wire

POLL_S: Final = 0.1
"""How often it is asked whether it answers again."""


def restart_by(command: str, door: Door, path: str, bound_s: float) -> Restart:
    """Return the way to restart the service: run the command, wait until it answers below 500.

    The command has `bound_s` seconds, and the service as many again.
    """

    async def restart() -> None:
        await _run(command, bound_s)
        give_up_at = time.monotonic() + bound_s
        while not await _answers(door, path):
            if time.monotonic() > give_up_at:
                raise NotChecked(f"after the restart it did not answer within {bound_s:g} s")
            await asyncio.sleep(POLL_S)

    return restart


async def _answers(door: Door, path: str) -> bool:
    with contextlib.suppress(Violation):
        answer = await Wire(door).get(f"{path}/{uuid.uuid4()}")
        return answer.status < 500  # noqa: PLR2004 - the 5xx class
    return False


async def _run(command: str, bound_s: float) -> None:
    # Its output goes to a file: what it starts in the background may hold a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_shell(
            command, stdin=DEVNULL, stdout=output, stderr=STDOUT, start_new_session=True
        )
        try:
            code = await asyncio.wait_for(process.wait(), bound_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise NotChecked(f"--restart-command did not end within {bound_s:g} s") from None
        if code != 0:
            output.seek(0)
            said = shortened(output.read().decode(errors="replace")) or "nothing"
            raise NotChecked(f"--restart-command ended with exit code {code}; it said: {said}")
