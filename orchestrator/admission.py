"""Which orders are let in: not more than this replica carries, none that could not be finished."""

from collections.abc import Sequence
from typing import Final

from clients.upstream import Upstream
from orchestrator.errors import CircuitOpenError, OverloadedError

_SOON_S: Final = 1.0
"""Retry-After when full: at the latencies this service is run at, most places are free again by
then."""


class Admission:
    """Counts the orders in flight, knows whether this replica drains, and asks every circuit.

    A refused order does not exist: nothing was written and nothing was sent.
    """

    def __init__(self, *, max_in_flight: int, upstreams: Sequence[Upstream]) -> None:
        self._max_in_flight = max_in_flight
        self._upstreams = upstreams
        self.in_flight = 0
        self.draining = False

    def expect_room(self) -> None:
        """Raise `OverloadedError` if no order is let in now, whatever it is.

        Asked before a request is even read: when there are too many of them, each that is refused
        takes from those that are not.
        """
        if self.draining:
            message = "this replica is shutting down; send the request again"
            raise OverloadedError(message, retry_after_s=_SOON_S)
        if self.in_flight >= self._max_in_flight:
            message = "this replica has as many orders in flight as it can carry; try again shortly"
            raise OverloadedError(message, retry_after_s=_SOON_S)

    def enter(self, order_id: str) -> None:
        """Let the order in, or raise `OverloadedError` or `CircuitOpenError`; `leave` must follow.

        A half-open circuit lets in one order, the probe, and knows it by its id.
        """
        self.expect_room()
        for upstream in self._upstreams:
            if not upstream.breaker.admits(order_id):
                self._release_probes(order_id)
                wait_s = max(upstream.breaker.wait_s, _SOON_S)
                raise CircuitOpenError(upstream.service, retry_after_s=wait_s)
        self.in_flight += 1

    def leave(self, order_id: str) -> None:
        """The order has ended, or is left to recovery."""
        self.in_flight -= 1
        self._release_probes(order_id)

    def _release_probes(self, order_id: str) -> None:
        for upstream in self._upstreams:
            upstream.breaker.release(order_id)
