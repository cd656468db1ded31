"""What customers do when they are impatient, many, or left without an answer."""

from concurrent.futures import wait
from typing import Final

from bench.compare.calls import CAPTURE, RESERVE
from bench.compare.scene import Scene
from bench.compare.upstream_faults import SOME
from testbed.faults import HOLD_ANSWER, HOLD_REQUEST, delay

CROWD: Final = 8
"""Customers for one unit."""

SECOND_S: Final = 0.7
"""How long the first request is held for the second to overtake it; the call's time-out is longer.
An orchestrator that lets the second wait for the first uses all of it."""

HANGS_UP_AFTER_S: Final = 0.6
"""Before a capture that takes twice as long has been answered, after it was begun."""


_CREATED: Final = 201


def key_again(scene: Scene) -> None:
    """The same key again, after the answer, to the same replica."""
    for number in range(SOME):
        body, key = scene.customer(), f"{scene.name}-{number}"
        scene.order(body, key=key)
        scene.order(body, key=key)
    scene.must_have_told(_CREATED, 2 * SOME)


def key_at_once(scene: Scene, second_at: str) -> None:
    """The same key while the first request is under way, to this replica or another."""
    for number in range(SOME):
        body, key = scene.customer(), f"{scene.name}-{number}"
        held = scene.on(*RESERVE, HOLD_REQUEST, 1)
        scene.begin(body, key=key)
        held.wait_hit()
        second = scene.begin(body, at=second_at, key=key)
        wait([second], timeout=SECOND_S)
        held.release()
        scene.answered()


def hung_up(scene: Scene) -> None:
    """The client's connection ends, the order goes on; the client repeats it elsewhere."""
    for number in range(SOME):
        body, key = scene.customer(), f"{scene.name}-{number}"
        slow = scene.on(*CAPTURE, delay(2 * HANGS_UP_AFTER_S), 1)
        scene.order(body, key=key, patience_s=HANGS_UP_AFTER_S)
        slow.wait_hit()
        scene.insist(body, key, at="b")
        scene.answered()


def killed_and_repeated(scene: Scene) -> None:
    """The replica is killed after the money was taken; the clients repeat their orders."""
    orders = [(scene.customer(), f"{scene.name}-{number}") for number in range(SOME)]
    captured = scene.on(*CAPTURE, HOLD_ANSWER, SOME)
    for body, key in orders:
        scene.begin(body, key=key)
    captured.wait_hit(SOME)
    scene.replica("a").kill()
    scene.answered()
    for body, key in orders:
        scene.insist(body, key, at="b")
    scene.answered()


def repeated_after_restart(scene: Scene) -> None:
    """The order was answered, but the client never saw it; it repeats after a deploy."""
    orders = [(scene.customer(), f"{scene.name}-{number}") for number in range(SOME)]
    for body, key in orders:
        scene.order(body, key=key)
    scene.site.restart("a")
    for body, key in orders:
        scene.order(body, key=key)


def crowd(scene: Scene) -> None:
    """Many customers at once for the last unit, at both replicas."""
    for number in range(CROWD):
        scene.begin(at="ab"[number % 2])
    scene.answered()
    scene.must_have_told(_CREATED, 1)
