"""What befalls the replica that carries an order; each function is one row's story."""

import time
from dataclasses import replace
from typing import Final

from bench.compare.calls import AUTHORIZE, CAPTURE, REFUND, Call
from bench.compare.orchestrators import LEASE_S
from bench.compare.scene import NOWHERE, Scene
from bench.compare.upstream_faults import SOME
from testbed.faults import CUT, HOLD_ANSWER, HOLD_REQUEST, delay

NEVER_ARRIVES: Final = replace(HOLD_REQUEST, name="never arrives", forward=False, reply=CUT)
"""Held until the caller is dead, then dropped."""

SLOW_S: Final = 0.5
"""A call in whose middle something else can happen, well within the time-out."""

LONG_GRACE_S: Final = 6.0
"""Six time-outs, as thirty seconds are to five."""
SHORT_GRACE_S: Final = 0.6
"""Over before a call that hangs has timed out."""

FROZEN_S: Final = LEASE_S + 2.0
"""The lease, and time for another replica to notice and to finish."""


def killed(scene: Scene, call: Call) -> None:
    """SIGKILL to a replica with some orders just before the call's effect and some just after.

    It is started again at once, and the other replica is there all the time.
    """
    before = scene.on(*call, NEVER_ARRIVES, SOME)
    after = scene.on(*call, HOLD_ANSWER, SOME)
    for _ in range(2 * SOME):
        goes_back = {"address": NOWHERE} if call is REFUND else {}
        scene.begin(scene.customer() | goes_back)
    before.wait_hit(SOME)
    after.wait_hit(SOME)
    scene.replica("a").kill()


def deployed(scene: Scene) -> None:
    """SIGTERM in the middle of some orders; the platform waits until they are done."""
    slow = scene.on(*AUTHORIZE, delay(SLOW_S), SOME)
    for _ in range(SOME):
        scene.begin()
    slow.wait_hit(SOME)
    scene.site.stop("a", grace_s=LONG_GRACE_S)


def deployed_in_haste(scene: Scene) -> None:
    """SIGTERM while an upstream hangs; the grace period ends first, and SIGKILL follows."""
    hangs = scene.on(*CAPTURE, HOLD_ANSWER, SOME)
    for _ in range(SOME):
        scene.begin()
    hangs.wait_hit(SOME)
    scene.site.stop("a", grace_s=SHORT_GRACE_S)


def frozen(scene: Scene) -> None:
    """SIGSTOP for longer than any lease, then the replica goes on as if nothing had been."""
    rules = (scene.on(*AUTHORIZE, HOLD_REQUEST, SOME), scene.on(*CAPTURE, HOLD_ANSWER, SOME))
    for _ in range(2 * SOME):
        scene.begin()
    for rule in rules:
        rule.wait_hit(SOME)
    scene.replica("a").pause()
    time.sleep(FROZEN_S)
    for rule in rules:
        rule.release()
    scene.replica("a").resume()
    scene.answered()
