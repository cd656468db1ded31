"""The demo and `make run` clean up after themselves, however they end."""

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from demo.run import PORTS, run
from demo.screen import Screen
from testbed.folders import ROOT
from testbed.ports import HOST, free_port

RUN = """
import sys
from pathlib import Path
from demo import run, __main__
folder, *numbers = sys.argv[1:]
ports = dict(zip(run.PORTS, map(int, numbers)))
__main__.run = lambda screen: run.run(screen, Path(folder), ports)
sys.argv[1:] = ["run"]
sys.exit(__main__.main())
"""


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs started here obey SIGINT, even if whoever started the tests has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(command: list[str], environment: dict[str, str], at: Callable[[str], bool]) -> int:
    """Start a program, send it SIGINT at the first such line, and return its exit code."""
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        line = next(filter(at, program.stdout), None)
        assert line is not None
        program.send_signal(signal.SIGINT)
        program.stdout.read()
        return program.wait(30)


def processes_with(folder: Path) -> list[int]:
    """The processes whose TMPDIR is this folder."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={folder}\0".encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
        except OSError:
            continue  # it has just ended, or is not ours
    return found


@pytest.mark.usefixtures("interruptible")
def test_interrupted_demo_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the demo ends all processes and removes all files."""
    code = interrupted(["-m", "demo"], {"TMPDIR": str(tmp_path)}, lambda line: "201" in line)

    assert 130 == code
    assert [] == list(tmp_path.iterdir())
    assert [] == processes_with(tmp_path)


@pytest.mark.usefixtures("interruptible")
def test_run_serves_until_interrupted(tmp_path: Path) -> None:
    """`make run` answers on its ports until Ctrl-C, which it takes for a good end."""
    ports = {name: free_port() for name in PORTS}
    answers: list[int] = []

    def is_up(line: str) -> bool:
        if "Ctrl-C" in line:
            urls = (f"http://{HOST}:{port}/docs" for port in ports.values())
            answers.extend(httpx.get(url).status_code for url in urls)
        return bool(answers)

    command = ["-c", RUN, str(tmp_path / "data"), *map(str, ports.values())]
    code = interrupted(command, {"TMPDIR": str(tmp_path)}, is_up)

    assert 0 == code
    assert [200] * 5 == answers
    assert [] == processes_with(tmp_path)
    assert (tmp_path / "data" / "payment.db").is_file()


def test_run_with_a_port_taken(tmp_path: Path) -> None:
    """A port that is taken is named before anything is started."""
    out = io.StringIO()
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        code = run(Screen(out), tmp_path / "data", {"payment": port})

    assert 2 == code
    assert f"in use already: port {port} (payment)" in out.getvalue()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("word", ["nonsense"])
def test_unknown_word(word: str) -> None:
    """An unknown word on the command line is refused, and the known ones are named."""
    told = subprocess.run(
        [sys.executable, "-m", "demo", word], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 2 == told.returncode
    assert "show" in told.stderr
