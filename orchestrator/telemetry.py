"""What is told of an order: its log line and its metrics, from the same facts."""

import logging

from clients.database import Backlog, StoredOrder
from orchestrator.domain import Order
from orchestrator.logs import tell
from orchestrator.metrics import Metrics

_log = logging.getLogger("orders")


class Telemetry:
    """Observer of the saga, of checkout and of recovery."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.stepped = metrics.stepped

    def ended(self, order: Order, stored: StoredOrder, *, seconds: float, recovered: bool) -> None:
        """A run has left the order final or parked: its one line."""
        failure = stored.progress.get("failure") or {}
        code = failure.get("code", "")
        self._metrics.ended(stored.status, code, seconds=seconds, recovered=recovered)
        steps = [line for line in stored.progress["timeline"] if "step" in line]
        fields = {
            "orderId": order.id,
            "outcome": stored.status,
            "code": code or None,
            "ms": round(seconds * 1000, 1),
            "attempts": sum([line["attempts"] for line in steps]),
            "steps": {
                line["operation"]: (
                    f"{line['outcome']} in {line['ms']} ms, {line['attempts']} tries"
                )
                for line in steps
            },
            "recovered": recovered,
            "rounds": stored.rounds,
            "attention": stored.attention["reason"] if stored.attention else None,
            "requestId": order.trace.request_id,
            "traceparent": order.trace.traceparent,
        }
        tell(_log, "order", fields)

    def backlog(self, backlog: Backlog) -> None:
        """What recovery saw at its last look."""
        self._metrics.backlog(backlog)
