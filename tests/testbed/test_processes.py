"""A process of the testbed starts, pauses, dies and ends as asked, and is never left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from testbed.folders import ROOT, temporary_folder
from testbed.ports import HOST, free_port, is_free
from testbed.processes import Process, ProcessFailedError, Program, order_replica

SERVER = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(repr(dict(os.environ)).encode())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

STUBBORN = SERVER.replace("lambda *_: sys.exit(7)", "signal.SIG_IGN")

OWNER = """
import sys
from pathlib import Path
from testbed.folders import temporary_folder
from testbed.processes import Process, Program
with temporary_folder() as folder:
    command = (sys.executable, "-c", "import time; time.sleep(600)")
    process = Process(Program("child", command), folder)
    process.start(wait=False)
    print(process.pid, folder, flush=True)
    input()
"""


def program(script: str, *, name: str = "server") -> Program:
    """A program made of one script, which gets its port as an argument."""
    port = free_port()
    command = (sys.executable, "-c", script, str(port))
    return Program(name, command, {"COLOUR": "red"}, f"http://{HOST}:{port}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    """A running server."""
    process = Process(program(SERVER), tmp_path)
    process.start()
    yield process
    process.kill()


def eventually(holds: Callable[[], bool], bound_s: float = 10) -> None:
    """Wait until it holds."""
    give_up_at = time.monotonic() + bound_s
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def exists(pid: int) -> bool:
    """Whether there is such a process, one that nobody has waited for not counted."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_started_is_ready(server: Process) -> None:
    """When start returns, the process answers, and its output is in its file."""
    assert 200 == httpx.get(server.url).status_code
    assert "serving" in server.tail()


def test_environment_is_explicit(
    server: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process gets its settings and none of ours."""
    monkeypatch.setenv("PAYMENT_URL", "http://elsewhere")
    other = Process(server.program, tmp_path)
    server.kill()
    other.start()
    environment = httpx.get(other.url).text
    other.kill()

    assert "'COLOUR': 'red'" in environment
    assert "PAYMENT_URL" not in environment


def test_killed(server: Process) -> None:
    """A killed process is gone when kill returns, and its port is free again."""
    pid = server.pid
    server.kill()

    assert not exists(pid)
    assert is_free(int(server.url.rpartition(":")[2]))


def test_restarted_on_its_port(server: Process) -> None:
    """A process comes back at the same address, with other settings if so wished."""
    server.restart(settings={"COLOUR": "blue"})

    assert "'COLOUR': 'blue'" in httpx.get(server.url).text


def test_paused_and_resumed(server: Process) -> None:
    """A paused process answers nothing, and goes on when resumed."""
    server.pause()
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(server.url, timeout=0.1)
    alive = server.alive
    server.resume()

    assert alive
    assert 200 == httpx.get(server.url).status_code


def test_terminated(server: Process) -> None:
    """Terminate gives the process's own exit code, even when it was paused."""
    server.pause()

    assert 7 == server.terminate()
    assert not server.alive


def test_terminated_in_vain(tmp_path: Path) -> None:
    """A process that ignores SIGTERM is killed, and named."""
    process = Process(program(STUBBORN, name="mule"), tmp_path)
    process.start()

    with pytest.raises(ProcessFailedError, match=r"mule did not stop within 0.1 s"):
        process.terminate(bound_s=0.1)
    assert not process.alive


def test_dead_at_start(tmp_path: Path) -> None:
    """A process that ends at its start is reported with what it wrote."""
    process = Process(program("raise SystemExit('no database')"), tmp_path)

    with pytest.raises(ProcessFailedError, match=r"(?s)exit code 1.*no database"):
        process.start()


def test_never_ready(tmp_path: Path) -> None:
    """A process that never gets ready is reported after the bound, and can be killed."""
    process = Process(program("import time; time.sleep(600)"), tmp_path)
    process.start(wait=False)

    with pytest.raises(ProcessFailedError, match=r"was not ready within 0.1 s"):
        process.wait_ready(bound_s=0.1)
    process.kill()
    assert not process.alive


def test_started_twice(server: Process) -> None:
    """Starting what runs is a mistake, and said."""
    with pytest.raises(ProcessFailedError, match="already running"):
        server.start()


def test_signal_to_nothing(tmp_path: Path) -> None:
    """Pausing what does not run is a mistake, and said."""
    with pytest.raises(ProcessFailedError, match="is not running"):
        Process(program(SERVER), tmp_path).pause()


def test_nothing_outlives_its_owner() -> None:
    """When the owner is killed, its processes and folders go with it."""
    command = [sys.executable, "-c", OWNER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        running = exists(int(pid)), Path(folder).is_dir()
        os.kill(owner.pid, signal.SIGKILL)

    assert (True, True) == running
    eventually(lambda: not exists(int(pid)))
    eventually(lambda: not Path(folder).exists())


def test_temporary_folder() -> None:
    """A temporary folder is there, and then is not."""
    with temporary_folder() as folder:
        was_there = folder.is_dir()

    assert (True, False) == (was_there, folder.exists())


def test_free_ports_differ() -> None:
    """A port is given once, and not while somebody listens on it."""
    with socket.create_server((HOST, 0)) as taken:
        ports = {free_port() for _ in range(50)}

        assert 50 == len(ports)
        assert not is_free(taken.getsockname()[1])


def test_order_replica_is_the_documented_command() -> None:
    """A replica is started as the protocol says: uvicorn app:app."""
    replica = order_replica("a", 8004, {})

    assert "-m uvicorn app:app --host 127.0.0.1 --port 8004" == " ".join(replica.command[1:])
