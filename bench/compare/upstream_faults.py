"""What befalls orders on their way to the upstreams; each function is one row's story.

A story proves that its fault took place: it waits until the fault was met, and fails otherwise.
"""

import time
from dataclasses import replace
from typing import Final

from bench.compare.calls import CAPTURE, COMMIT, Call
from bench.compare.scene import NOWHERE, WITHOUT_MONEY, Scene
from testbed.faults import HOLD_ANSWER, Fault, status

SOME: Final = 2
"""Orders that meet the same thing: one could be luck."""

SHORTLY_S: Final = 1.0
"""Longer than three tries in quick succession, shorter than anybody's patience."""


_CREATED: Final = 201


def nothing(scene: Scene) -> None:
    """Nothing fails: some orders one after the other, some at once, on both replicas."""
    replicas = scene.site.replicas
    for at in replicas:
        scene.order(at=at)
        scene.begin(at=at)
        scene.begin(at=at)
    scene.answered()
    scene.must_have_told(_CREATED, 3 * len(replicas))


def refused(scene: Scene, reason: str) -> None:
    """A step says no, which is nobody's fault."""
    for _ in range(SOME):
        match reason:
            case "stock":
                body = scene.customer()
                body["items"] = [body["items"][0] | {"qty": 1000}]
            case "money":
                body = scene.customer(WITHOUT_MONEY)
            case _:
                body = scene.customer() | {"address": NOWHERE}
        scene.order(body)
    scene.must_have_told(_CREATED, 0)


def befalls(scene: Scene, call: Call, fault: Fault) -> None:
    """The first try of some orders meets the fault, then every try of some others."""
    for _ in range(SOME):
        once = scene.on(*call, fault, 1)
        scene.order()
        once.wait_hit()
    always = scene.on(*call, fault, None)
    for _ in range(SOME):
        scene.begin()
    always.wait_hit(SOME)
    scene.answered()


def away_while_undone(scene: Scene, upstream: str, *, shortly: bool) -> None:
    """Capture fails to the end, and one that has something to take back is not there."""
    failing = scene.on(*CAPTURE, replace(status(500), held="request"), None)
    for _ in range(SOME):
        scene.begin()
    failing.wait_hit(SOME)
    scene.site.proxy(upstream).switch_off()
    failing.release()
    if shortly:
        time.sleep(SHORTLY_S)
        scene.site.proxy(upstream).switch_on()
    scene.answered()


def database_away(scene: Scene) -> None:
    """Everything is done and cannot be written down, until the clients have been answered."""
    committed = scene.on(*COMMIT, HOLD_ANSWER, SOME)
    for _ in range(SOME):
        scene.begin()
    committed.wait_hit(SOME)
    scene.site.proxy("database").switch_off()
    committed.release()
    scene.answered()
