"""PostgreSQL can be crashed and paused, keeps what it has committed, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import psycopg
import pytest

from testbed.folders import ROOT
from testbed.postgres import find_binaries, private_server

pytestmark = pytest.mark.postgres

_BOUND_S: Final = 20.0

_PAUSES_AND_WAITS: Final = """
import sys
from testbed.postgres import find_binaries, private_server
with private_server(find_binaries()) as server:
    server.pause()
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def binaries(postgres_url: str) -> Path:
    """Give PostgreSQL's programs; skip where there are none, as `postgres_url` does."""
    assert postgres_url
    found = find_binaries()
    assert found is not None
    return found


def test_a_crash_keeps_what_was_committed_and_a_pause_what_was_asked(binaries: Path) -> None:
    """A restart recovers; a statement that met a pause is answered after it."""
    with private_server(binaries) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
            before = server.recoveries
            server.stop()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        server.start()
        with psycopg.connect(server.url) as connection:
            server.pause()
            answered = threading.Event()
            rows: list[object] = []

            def ask() -> None:
                rows.extend(connection.execute("SELECT one FROM kept").fetchall())
                answered.set()

            asking = threading.Thread(target=ask)
            asking.start()
            early = answered.wait(0.2)
            server.resume()
            asking.join(_BOUND_S)

        assert (0, 1) == (before, server.recoveries)
        assert not early
        assert [(1,)] == rows


@pytest.mark.usefixtures("binaries")
def test_a_paused_server_does_not_outlive_the_program_that_paused_it() -> None:
    """SIGKILL to the program: the stopped processes of PostgreSQL are gone as well."""
    command = [sys.executable, "-c", _PAUSES_AND_WAITS]
    program = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout is not None
        url = program.stdout.readline()
        port = url.rpartition(":")[2].partition("/")[0]
        os.kill(program.pid, signal.SIGKILL)
    left = _listeners(port)
    give_up = threading.Event()
    for _ in range(int(_BOUND_S / 0.1)):
        if not left:
            break
        give_up.wait(0.1)  # the reaper notices at once, and takes a moment
        left = _listeners(port)

    assert [] == left


def _listeners(port: str) -> list[str]:
    listed = ["ps", "-A", "-o", "pid=,args="]
    told = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if f"--port={port}" in line]
