"""Replaces replicas as a Deployment does: one comes up before one goes (maxSurge 1)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from testbed.faults import HOLD_REQUEST
from testbed.processes import Process, answers
from testbed.rules import Rule
from testbed.stack import Stack
from tests.rolling.service import LAG_S, Service
from tests.rolling.waiting import BOUND_S, wait_until

PRE_STOP_S = 1.0
"""The chart's ten seconds, as much longer than LAG_S as those are than a cluster's."""


class Rollout:
    """One stack's replicas behind one service."""

    def __init__(self, stack: Stack, service: Service) -> None:
        self._stack = stack
        self._service = service

    def replace(self, old: Process, new: str) -> int:
        """Start `new`, wait until it is ready, then end `old`; return the exit code of `old`.

        When `old` is told to end it has an order in its hands, which only then can go on.
        """
        self._service.add(self._stack.add_replica(new))
        with self.busy(old) as held:
            self._service.announce_end(old.name)
            self._service.wait_forgotten(old.name)
            time.sleep(PRE_STOP_S - LAG_S)
            self.end(old)
            held.release()
            return self.ended(old)

    @contextmanager
    def busy(self, replica: Process) -> Iterator[Rule]:
        """One order of this replica waits for payment until the rule is released."""
        while True:
            held = self._stack.proxy("payment").on("POST", "/payments", HOLD_REQUEST)
            try:
                held.wait_hit(bound_s=BOUND_S)
                if self._owner_of_held().endswith(f"-{replica.pid}"):
                    yield held
                    return
            finally:
                held.stop()
                held.release()

    def end(self, replica: Process) -> None:
        """SIGTERM; return when its listener is closed, its order still in its hands."""
        replica.ask_to_end()
        wait_until(lambda: not answers(replica.url + replica.program.ready_path))
        assert replica.alive, f"it did not wait for its order:\n{replica.tail()}"

    def ended(self, replica: Process) -> int:
        """Wait until it has ended by itself; the exit code."""
        wait_until(lambda: not replica.alive)
        return replica.terminate()

    def _owner_of_held(self) -> str:
        """The replica, by host and process, whose order waits."""
        order_id = self._held()
        url = f"{self._stack.upstream('database').url}/orders/{order_id}"
        answer = httpx.get(url, timeout=BOUND_S, trust_env=False).raise_for_status()
        return str(answer.json()["owner"]).partition("/")[0]

    def _held(self) -> str:
        """The order that waits: the only one there is when no other pays."""
        found: set[str] = set()

        def alone() -> bool:
            nonlocal found
            found = self._waiting()
            return len(found) == 1

        wait_until(alone)
        return found.pop()

    def _waiting(self) -> set[str]:
        """Orders whose payment is under way; those that nobody holds are in a moment through."""
        return {
            (exchange.key or "").partition(":")[0]
            for exchange in self._stack.proxy("payment").seen
            if exchange.path == "/payments" and exchange.done == "under way"
        }
