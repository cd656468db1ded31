"""What Prometheus sees at /metrics."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from clients.database import Backlog
from orchestrator.domain import Event, OrderStatus
from orchestrator.instruments import LabelledCounter, LabelledHistogram

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""From a call on loopback (5 ms) to beyond the default deadline of an order (30 s)."""


class Metrics:
    """The instruments of one replica, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        # What every request changes; labels are bounded: steps, kinds, outcomes, problem codes.
        self._orders = LabelledCounter(
            "orders",
            "Runs of orders by how they left the order, and whether recovery ran them",
            ["outcome", "code", "recovered"],
        )
        self._order_seconds = LabelledHistogram(
            "order_duration_seconds",
            "From arrival (or takeover) until the order is final or parked",
            ["outcome"],
            bounds=_SECONDS,
        )
        self._step_seconds = LabelledHistogram(
            "order_step_duration_seconds",
            "A step or an undo, tries and pauses included",
            ["step", "kind", "outcome"],
            bounds=_SECONDS,
        )
        self._attempts = LabelledCounter(
            "order_step_attempts", "Tries of steps and undos", ["step", "kind"]
        )
        self._refused = LabelledCounter(
            "orders_refused", "Requests refused before an order existed, by problem code", ["code"]
        )
        for instrument in (
            self._orders,
            self._order_seconds,
            self._step_seconds,
            self._attempts,
            self._refused,
        ):
            registry.register(instrument)
        self._replayed = Counter(
            "orders_replayed", "Answers given again under a known key", registry=registry
        )
        self._unfinished = self._gauge("orders_unfinished", "Orders that are not final")
        self._flagged = self._gauge("orders_flagged", "Orders that need attention")
        self._oldest_unfinished = self._gauge(
            "orders_oldest_unfinished_age_seconds", "Age of the oldest order that is not final"
        )
        self._oldest_flagged = self._gauge(
            "orders_oldest_flagged_age_seconds", "Age of the oldest order that needs attention"
        )

    def watch(
        self, in_flight: Callable[[], float], circuits: Mapping[str, Callable[[], float]]
    ) -> None:
        """Read these when scraped: orders in flight; each upstream's circuit (0 closed, 2 open)."""
        self._gauge("orders_in_flight", "Orders in flight in this replica").set_function(in_flight)
        states = Gauge(
            "orders_circuit_state",
            "Circuit of an upstream: 0 closed, 1 half open, 2 open",
            ["upstream"],
            registry=self.registry,
        )
        for name, state in circuits.items():
            states.labels(name).set_function(state)

    def stepped(self, event: Event) -> None:
        """A step or an undo has ended."""
        _, kind, step, _, outcome, attempts, ms, *_ = event
        self._step_seconds.observe((step or "", kind, outcome or ""), ms / 1000)
        self._attempts.add((step or "", kind), attempts)

    def ended(self, status: str, code: str, *, seconds: float, recovered: bool) -> None:
        """A run has left the order in `status`."""
        outcome = status.lower() if OrderStatus(status).final else f"parked_{status.lower()}"
        self._orders.add((outcome, code, "true" if recovered else "false"))
        self._order_seconds.observe((outcome,), seconds)

    def refused(self, code: str) -> None:
        """A request was refused before an order existed."""
        self._refused.add((code,))

    def replayed(self) -> None:
        """A known key was answered again."""
        self._replayed.inc()

    def backlog(self, backlog: Backlog) -> None:
        """What the database service said at the last look."""
        self._unfinished.set(backlog.unfinished)
        self._flagged.set(backlog.flagged)
        self._oldest_unfinished.set(backlog.oldest_unfinished_age_s or 0)
        self._oldest_flagged.set(backlog.oldest_flagged_age_s or 0)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)
