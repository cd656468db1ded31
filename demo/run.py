"""`make run`: the whole system on its usual ports, until Ctrl-C."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from demo.screen import Screen
from demo.shop import STOCK, Request
from testbed.folders import ROOT
from testbed.ports import is_free
from testbed.processes import ProcessFailedError
from testbed.stack import Stack

_ORDERS: Final = "orders"

# Part of the order protocol's contract.
PORTS: Final = {
    "database": 8000,
    _ORDERS: 8004,
    "payment": 8005,
    "inventory": 8006,
    "shipping": 8007,
}

_LOOK_S: Final = 0.5  # how soon a person hears that a process has died

_MISUSED: Final = 2


def run(screen: Screen, folder: Path = ROOT / "data", ports: Mapping[str, int] = PORTS) -> int:
    """Start it, say how to use it, and wait; return the exit code."""
    taken = [f"{port} ({name})" for name, port in ports.items() if not is_free(port)]
    if taken:
        text = f"in use already: port {', '.join(taken)}. Stop what listens there, then try again."
        screen.check(text, holds=False)
        return _MISUSED
    folder.mkdir(exist_ok=True)
    screen.progress("starting …")
    stack = Stack(replicas=(_ORDERS,), folder=folder, ports=ports, reads_dotenv=True)
    with suppress(KeyboardInterrupt), stack:
        _seed(stack)
        _explain(screen, stack, folder)
        with suppress(KeyboardInterrupt):
            _wait(stack)
        screen.progress("stopping …")
    screen.line("Stopped.")
    return 0


def _seed(stack: Stack) -> None:
    """Fill the shelves of a new inventory; leave those of an old one alone."""
    url = stack.upstream("inventory").url
    known = {line["sku"] for line in httpx.get(f"{url}/stock").raise_for_status().json()["items"]}
    stack.set_stock({sku: units for sku, units in STOCK.items() if sku not in known})


def _explain(screen: Screen, stack: Stack, folder: Path) -> None:
    url = stack.replica(_ORDERS).url
    shelves = ", ".join(f"{units} {sku}" for sku, units in STOCK.items())
    screen.title("The system is running")
    screen.line("Place an order (copy the four lines):")
    screen.line()
    for line in _curl(url):
        print(line)
    screen.line()
    screen.table(
        ("service", "try it in the browser"),
        [(process.name, f"{process.url}/docs") for process in reversed(stack.processes)],
    )
    screen.line()
    screen.line(f"Metrics            {url}/metrics")
    screen.line(f"All orders         {url}/orders")
    screen.line(f"Storage and logs   {folder}; a new inventory has {shelves}")
    screen.line("To see it fail     a userId that starts with decline; country AQ; 4 of SKU-3")
    screen.line()
    screen.line("Ctrl-C stops everything.", "bold")


def _curl(url: str) -> list[str]:
    body = json.dumps(Request().body)
    return [
        f"curl -i {url}/orders \\",
        "  -H 'Content-Type: application/json' \\",
        '  -H "X-Idempotency-Key: $(date +%s%N)" \\',
        f"  -d '{body}'",
    ]


def _wait(stack: Stack) -> None:
    """Return never, but by an interrupt.

    Raises:
        ProcessFailedError: One of the processes ended by itself.
    """
    while True:
        for process in stack.processes:
            if not process.alive:
                raise ProcessFailedError(f"{process.name} ended by itself:\n{process.tail()}")
        time.sleep(_LOOK_S)
