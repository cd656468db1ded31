"""The demonstration from the first line to the last."""

import time
from collections.abc import Iterator

import httpx

from demo.checks import Check
from demo.ledgers import show_ledgers
from demo.scenes import SCENES, Scene
from demo.screen import Screen
from demo.shop import PATIENCE_S, STOCK, Shop
from demo.stage import REPLICAS, Stage
from demo.takeover import LEASE_S
from testbed.stack import Stack

# Short, so that nobody waits a minute for a lease; deadline + time-out must stay below the lease.
_SETTINGS = {
    "UPSTREAM_TIMEOUT_S": "1",
    "ORDER_DEADLINE_S": "4",
    "LEASE_S": str(LEASE_S),
    "RECOVERY_INTERVAL_S": "1",
}


def show(screen: Screen) -> bool:
    """Play all scenes; whether everything held."""
    began = time.monotonic()
    _introduce(screen)
    stack = Stack(replicas=REPLICAS, proxied=("payment", "shipping"), settings=_SETTINGS)
    with stack, httpx.Client(timeout=PATIENCE_S) as client:
        stack.set_stock(STOCK)
        screen.line(f"All of it is up after {time.monotonic() - began:.1f} s.")
        stage = Stage(stack, screen, Shop(stack, client))
        failed = sum(_play(stage, number, scene) for number, scene in enumerate(SCENES, 1))
        screen.title("The books")
        failed += judge(screen, show_ledgers(stage))
        screen.line()
        if failed:
            _show_logs(screen, stack)
        screen.progress("stopping everything …")
    _conclude(screen, failed, time.monotonic() - began)
    return failed == 0


def _introduce(screen: Screen) -> None:
    screen.title("Orders that go through, and come back when they must")
    screen.line("Six real processes on free ports: database, inventory, payment and shipping,")
    screen.line(
        f"and two replicas of the order service, {' and '.join(REPLICAS)}. Their storage is"
    )
    screen.line("in a temporary folder. Every order below goes over HTTP.")
    screen.progress("starting …")


def _play(stage: Stage, number: int, scene: Scene) -> int:
    """Tell one story; how much of it was not as it must be."""
    stage.screen.title(f"{number} · {scene.title}")
    stage.screen.line(scene.why, "dim")
    stage.screen.line()
    known = {told.order_id for told in stage.shop.told}
    failed = judge(stage.screen, scene.play(stage))
    for told in stage.shop.told:
        if told.order_id is not None and told.order_id not in known:
            stage.orders[told.order_id] = scene.short
    return failed


def judge(screen: Screen, checks: Iterator[Check]) -> int:
    """Print each statement as it is made; how many do not hold."""
    failed = 0
    try:
        for check in checks:
            screen.check(str(check), holds=check.holds)
            failed += not check.holds
    except (httpx.HTTPError, TimeoutError) as broken:
        screen.check(f"this broke off: {broken!r}", holds=False)
        failed += 1
    return failed


def _show_logs(screen: Screen, stack: Stack) -> None:
    for process in stack.processes:
        screen.line(f"The last that {process.name} wrote:", "bold")
        print(process.tail(5))


def _conclude(screen: Screen, failed: int, seconds: float) -> None:
    screen.line()
    if failed:
        text = f"{failed} of the statements above do not hold (✗)."
        screen.check(f"{text} Everything is stopped. {seconds:.0f} s.", holds=False)
    else:
        text = f"All {len(SCENES)} stories ended as they must, and the books agree."
        screen.check(f"{text} Everything is stopped. {seconds:.0f} s.", holds=True)
