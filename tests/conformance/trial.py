"""Runs the kit in process on a service that is one method."""

from typing import Protocol

import httpx

from conformance.contract import INVENTORY, SHIPPING
from conformance.door import Door
from conformance.result import Outcome, Result
from conformance.run import run
from conformance.target import Needs, Target

TTL_S = 0.3
"""How long the small inventory keeps a reservation where expiry is tried: time enough to finish
one on a busy machine."""


class Service(Protocol):
    """What can be tried."""

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""

    async def restart(self) -> None:
        """End it and start it."""


async def trial(service: str, subject: Service, *groups: str) -> list[Result]:
    """Return what the kit says of it; with expiry only where that group is asked for by name."""
    needs = Needs(
        restart=subject.restart,
        dispatch_path="/shipments/{id}/dispatch" if service == SHIPPING else None,
        reservation_ttl_s=TTL_S if service == INVENTORY and "expiry" in groups else None,
        expiry_slack_s=2 * TTL_S,
    )
    door = Door(httpx.MockTransport(subject.handle), "http://small")
    return await run(Target(service, door, needs), only=frozenset(groups))


def ids(results: list[Result], outcome: Outcome) -> set[str]:
    """Return the checks that ended so."""
    return {result.check.id for result in results if result.outcome is outcome}
