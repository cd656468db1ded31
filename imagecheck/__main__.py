"""Build the image without a daemon, run it as a cluster would, and say what was seen.

Exits with 1 when anything is not as it must be, with 2 when a tool is missing or fails. Leaves no
container and no image behind, unless --storage names a folder to keep them in.
"""

import argparse
import contextlib
import signal
import socket
import sys
from pathlib import Path
from typing import Final, NoReturn

from imagecheck.base import STAND_IN, build, build_on_stand_in, make_stand_in
from imagecheck.contents import caches, compilers, strangers, without_bytecode, writable
from imagecheck.engine import Engine
from imagecheck.orders import (
    PORT,
    check_order,
    check_services_end,
    check_shutdown,
    check_started,
    reference_services,
)
from imagecheck.report import Report
from imagecheck.restrictions import check_restrictions, memory_peak_mib
from imagecheck.tools import MissingToolError, ToolFailedError, find
from testbed.fault_proxy import FaultProxy
from testbed.folders import temporary_folder
from testbed.ports import HOST

_USER: Final = "10001:10001"  # the chart's runAsUser
_COMMAND: Final = ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - a container's
_URLS: Final = {
    "database": "DATABASE_SERVICE_URL",
    "inventory": "INVENTORY_URL",
    "payment": "PAYMENT_URL",
    "shipping": "SHIPPING_URL",
}


def main() -> int:
    """Do what the command line asks for; return the exit code."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, _stopped)  # what is begun is cleared away
    report = Report()
    try:
        runtime = find(("buildah", "podman", *(["debootstrap"] if asked.stand_in else [])))
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(temporary_folder())
            engine = Engine(asked.storage or folder, runtime)
            _build(engine, folder, report, stand_in=asked.stand_in)
            _look_inside(engine, report)
            _run(engine, report)
    except (MissingToolError, ToolFailedError, TimeoutError) as failure:
        sys.stderr.write(f"✗ {failure}\n")
        return 2
    sys.stdout.write(f"\n{report.seen} things seen, {report.wrong} of them wrong\n")
    return 1 if report.wrong else 0


def _build(engine: Engine, folder: Path, report: Report, *, stand_in: bool) -> None:
    report.heading("the image")
    if stand_in:
        report.note(f"on {STAND_IN}, made of Debian's packages, instead of the Dockerfile's base")
        make_stand_in(engine, folder)
        build_on_stand_in(engine, folder, sys.executable)
    else:
        build(engine)
    report.saw("it builds", good=True)
    config = engine.config()
    report.saw(f"user: {config.get('User')}", good=config.get("User") == _USER)
    report.saw(f"command: {config.get('Cmd')}", good=config.get("Cmd") == _COMMAND)


def _look_inside(engine: Engine, report: Report) -> None:
    report.heading("what is in it")
    with engine.files() as image:
        for what, found in (
            ("compilers", compilers(image)),
            ("pip's cache", caches(image)),
            ("tests and other files of ours", strangers(image)),
            ("files that its user could change", writable(image, int(_USER.partition(":")[0]))),
            ("modules without bytecode", without_bytecode(image)),
        ):
            shown = ", ".join(found[:5]) or "none"
            report.saw(f"{what}: {shown}", good=not found)


def _run(engine: Engine, report: Report) -> None:
    _make_sure_port_is_free()
    report.heading("running: read-only root, no capabilities, 0.5 CPU, 512 MiB")
    with contextlib.ExitStack() as stack:
        services = stack.enter_context(reference_services(engine))
        report.saw("the four reference services start from the same image", good=True)
        payment = stack.enter_context(FaultProxy(services["payment"][1]))
        settings = {_URLS[name]: url for name, (_, url) in services.items()}
        settings["PAYMENT_URL"] = payment.url
        service = stack.enter_context(engine.running("orders", environment=settings))
        check_started(report)
        check_restrictions(service, _USER, report)
        report.heading("orders")
        check_order(report)
        report.note(f"memory: at most {memory_peak_mib(service)} so far")
        check_shutdown(service, payment, report)
        check_services_end(services, report)


def _make_sure_port_is_free() -> None:
    with contextlib.closing(socket.socket()) as probe:
        if probe.connect_ex((HOST, PORT)) == 0:
            raise ToolFailedError(f"port {PORT} is taken, which the image's own command needs")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m imagecheck", description=__doc__)
    parser.add_argument(
        "--stand-in",
        action="store_true",
        help="build on a base image made here of Debian's packages, where no registry is reached",
    )
    parser.add_argument(
        "--storage", type=Path, metavar="FOLDER", help="keep images here, for a quicker next time"
    )
    return parser.parse_args()


def _stopped(_number: int, _frame: object) -> NoReturn:
    sys.exit(143)


if __name__ == "__main__":
    sys.exit(main())
