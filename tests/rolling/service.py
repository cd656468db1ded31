"""What a cluster puts before the replicas: probes, endpoints, and news that travels slowly."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from testbed.processes import Process, answers
from tests.rolling.waiting import wait_until

PROBE_S = 0.1
"""Between two looks at a replica's readiness; the chart's 5 s would only make the test long."""

LAG_S = 0.3
"""Until the last node has heard that a replica goes."""

FAILURES = 3
"""Failed looks in a row that make a replica unready, as in the chart."""


@dataclass
class _Endpoint:
    """A replica as the cluster knows it."""

    process: Process
    ready: bool = False
    failures: int = 0
    forgotten_at: float | None = None
    """When the news of its end will have arrived everywhere."""
    underway: int = 0
    """Requests that were given this address and have not been sent yet."""


class Service:
    """Sends each request to the next replica that is thought to be ready."""

    def __init__(self) -> None:
        self._endpoints: dict[str, _Endpoint] = {}
        self._lock = threading.Lock()
        self._turns = itertools.count()
        self._ended = threading.Event()
        self._prober = threading.Thread(target=self._probe_all, daemon=True)

    @contextmanager
    def probing(self) -> Iterator["Service"]:
        """Look at the replicas while the block lasts."""
        self._prober.start()
        try:
            yield self
        finally:
            self._ended.set()
            self._prober.join()

    def add(self, process: Process, *, unseen: bool = False) -> None:
        """There is one more replica.

        Args:
            process: The replica.
            unseen: Send it requests at once, as where there is no readiness probe.
        """
        with self._lock:
            self._endpoints[process.name] = _Endpoint(process, ready=unseen)
        if not unseen:
            wait_until(lambda: process.name in self.ready)

    def announce_end(self, name: str) -> None:
        """The replica is to go; the news is under way."""
        with self._lock:
            self._endpoints[name].forgotten_at = time.monotonic() + LAG_S

    def wait_forgotten(self, name: str) -> None:
        """Return when no node sends it anything, and what was on its way has been sent."""

        def forgotten() -> bool:
            with self._lock:
                endpoint = self._endpoints[name]
                return not endpoint.ready and endpoint.underway == 0

        wait_until(forgotten)

    @property
    def ready(self) -> list[str]:
        """Names of those that requests are sent to."""
        with self._lock:
            return [name for name, endpoint in self._endpoints.items() if endpoint.ready]

    @contextmanager
    def address(self) -> Iterator[Process]:
        """Where to send a request, which is sent when the block ends."""
        with self._lock:
            ready = [endpoint for endpoint in self._endpoints.values() if endpoint.ready]
            chosen = ready[next(self._turns) % len(ready)]
            chosen.underway += 1
        try:
            yield chosen.process
        finally:
            with self._lock:
                chosen.underway -= 1

    def _probe_all(self) -> None:
        while not self._ended.wait(PROBE_S):
            with self._lock:
                endpoints = list(self._endpoints.values())
            for endpoint in endpoints:
                self._probe(endpoint)

    def _probe(self, endpoint: _Endpoint) -> None:
        """Set `ready`; a replica that goes is forgotten when its time has come."""
        if endpoint.forgotten_at is not None:
            if time.monotonic() >= endpoint.forgotten_at:
                with self._lock:
                    endpoint.ready = False
            return
        if answers(endpoint.process.url + endpoint.process.program.ready_path):
            endpoint.failures, ready = 0, True
        else:
            endpoint.failures += 1
            ready = endpoint.ready and endpoint.failures < FAILURES
        with self._lock:
            endpoint.ready = ready
