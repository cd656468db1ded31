"""`python -m services`: all or one, clear refusals, a clean end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest

from tests.services.processes import PATIENCE_S, ROOT

TITLES = {
    8000: "Database Service",
    8005: "Payment Service",
    8006: "Inventory Service",
    8007: "Shipping Service",
}


@asynccontextmanager
async def program(
    *arguments: str, cwd: Path, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `python -m services` in a folder of the test's own; killed at the end if need be."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", *arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def refusal(*arguments: str, cwd: Path, **environment: str) -> tuple[int | None, str]:
    """Return exit code and standard error of a program that does not start."""
    async with program(*arguments, cwd=cwd, **environment) as process:
        _, text = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        return process.returncode, text.decode()


async def health(client: httpx.AsyncClient, port: int) -> dict[str, str]:
    """Return what a service says of itself, once it is up."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/health")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                found: dict[str, str] = answer.json()
                return found


def taken(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_four_run_and_end_together(tmp_path: Path, number: signal.Signals) -> None:
    """Without a name all four serve on their ports, keep files of their own, and end with 0."""
    if any(taken(port) for port in TITLES):
        pytest.skip("the default ports are in use on this machine")
    async with program(cwd=tmp_path) as process, httpx.AsyncClient() as client:
        titles = {port: (await health(client, port))["service"] for port in TITLES}
        process.send_signal(number)
        code = await asyncio.wait_for(process.wait(), PATIENCE_S)
    files = {path.name for path in (tmp_path / "data").glob("*.db")}

    assert TITLES == titles
    assert 0 == code
    assert {"database.db", "inventory.db", "payment.db", "shipping.db"} == files


async def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    """A port in use ends the program with 2 and the port's number."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, text = await refusal("database", "--port", str(port), cwd=tmp_path)

    assert 2 == code
    assert f"127.0.0.1:{port}" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "environment", "word"),
    [
        (["nothing"], {}, "invalid choice"),
        (["--port", "8000"], {}, "--port needs"),
        (["database", "--port", "99999"], {}, "--port must be"),
        (["database", "--host", "no.such.host.invalid", "--port", "0"], {}, "cannot listen"),
        (["database", "--port", "0"], {"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL"),
        (["inventory", "--port", "0"], {"RESERVATION_TTL_S": "-1"}, "RESERVATION_TTL_S"),
        (["inventory", "--port", "0"], {"RESERVATION_TTL_S": "nan"}, "RESERVATION_TTL_S"),
        (["database", "--port", "0"], {"KEY_PURGE_INTERVAL_S": "0"}, "KEY_PURGE_INTERVAL_S"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_start(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], word: str
) -> None:
    """Wrong arguments and absurd settings end with 2 and name what is wrong."""
    code, text = await refusal(*arguments, cwd=tmp_path, **environment)

    assert 2 == code
    assert word in text
    assert "Traceback" not in text


async def test_a_file_that_cannot_be_used_ends_the_program(tmp_path: Path) -> None:
    """A storage that cannot be opened is no service: the program ends and says why."""
    (tmp_path / "file").write_text("no folder")
    url = f"sqlite:///{tmp_path}/file/x.db"
    async with program("database", "--port", "0", cwd=tmp_path, DATABASE_URL=url) as process:
        text, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert 1 == process.returncode
    assert b"file" in text
