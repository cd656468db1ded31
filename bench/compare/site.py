"""An orchestrator's two replicas beside the running upstreams, and customers who order there."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

from bench.compare.orchestrators import Orchestrator
from bench.compare.records import newest_orders
from testbed.audit import Told
from testbed.books import Books, Entry
from testbed.fault_proxy import FaultProxy
from testbed.processes import Process, ProcessFailedError
from testbed.stack import UPSTREAMS, Stack

PATIENCE_S: Final = 20.0
"""How long a customer waits; everything here that answers at all does so sooner."""

QUIET_BOUND_S: Final = 10.0
"""What the proxies let go at the end arrives in milliseconds; more is a fault of ours."""

POLL_S: Final = 0.1
"""Between two looks, at what takes seconds."""

CUSTOMERS: Final = 16
"""Who may wait for an answer at the same time; no fault here has more."""


@dataclass(frozen=True)
class Answer:
    """What a customer was told."""

    status: int
    body: dict[str, Any]

    def told(self, key: str | None) -> Told:
        """As the auditor wants it; "it FAILED" claims that nothing is kept, as "completed" does."""
        nested = self.body.get("detail")
        said = self.body | nested if isinstance(nested, dict) else self.body
        failed = "FAILED" in (said.get("orderStatus"), said.get("status"))
        return Told(
            status=self.status,
            order_id=said.get("orderId", said.get("id")),
            key=key,
            code=said.get("code"),
            compensation="completed" if failed else said.get("compensation"),
        )


class Site:
    """A context manager: inside it the replicas run, each of them restartable."""

    def __init__(
        self, stack: Stack, orchestrator: Orchestrator, replicas: Sequence[str] = ("a", "b")
    ) -> None:
        self.stack = stack
        self.orchestrator = orchestrator
        self.replicas = {
            name: Process(orchestrator.program(name, stack.addresses()), stack.folder)
            for name in replicas
        }
        self._cleanup = ExitStack()
        self._http = httpx.Client(timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        """Start the replicas and wait until they are ready."""
        with ExitStack() as undo:
            undo.push(self)
            self._cleanup.enter_context(self._http)
            self._threads = self._cleanup.enter_context(ThreadPoolExecutor(CUSTOMERS))
            for replica in self.replicas.values():
                replica.start(wait=False)
            for replica in self.replicas.values():
                replica.wait_ready()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop them; what does not stop in time is killed."""
        for replica in self.replicas.values():
            replica.kill()
        self._cleanup.close()

    def post(
        self, at: str, body: dict[str, Any], key: str | None, patience_s: float = PATIENCE_S
    ) -> Answer | None:
        """POST an order; None when no answer came, or none within the customer's patience."""
        headers = {} if key is None else {"X-Idempotency-Key": key}
        url = f"{self.replicas[at].url}/orders"
        try:
            answer = self._http.post(url, json=body, headers=headers, timeout=patience_s)
        except httpx.TransportError:
            return None
        is_json = "json" in answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if is_json else {})

    def begin(self, ask: Callable[[], Answer | None]) -> Future[Answer | None]:
        """Let a customer do this on a thread of their own."""
        return self._threads.submit(ask)

    def proxy(self, name: str) -> FaultProxy:
        """What stands before an upstream."""
        return self.stack.proxy(name)

    def mend(self) -> None:
        """Everything runs, everybody reaches everybody, nothing is held."""
        for name in UPSTREAMS:
            self.proxy(name).switch_on()
            self.proxy(name).clear()
        for replica in self.replicas.values():
            if replica.alive:
                replica.resume()
            else:
                replica.start()

    def stop(self, at: str, *, grace_s: float) -> None:
        """SIGTERM, and SIGKILL when the grace period is over, as a platform does it."""
        try:
            self.replicas[at].terminate(bound_s=grace_s)
        except ProcessFailedError:
            self.replicas[at].kill()

    def restart(self, at: str) -> None:
        """SIGTERM with nothing under way, and start it anew."""
        self.replicas[at].terminate()
        self.replicas[at].start()

    def wait_quiet(self) -> None:
        """Return when no request is under way to an upstream.

        Raises:
            TimeoutError: One was, for QUIET_BOUND_S.
        """
        give_up_at = time.monotonic() + QUIET_BOUND_S
        while any(e.done == "under way" for name in UPSTREAMS for e in self.proxy(name).seen):
            if time.monotonic() > give_up_at:
                raise TimeoutError("a request is still under way to an upstream")
            time.sleep(POLL_S)

    def orders(self) -> list[Entry]:
        """The newest orders, asked of the database service directly."""
        return newest_orders(self._http, self.stack.upstream("database").url)

    def books(self) -> Books:
        """What the upstreams hold, asked of them directly."""
        return self.stack.books()
