"""A client of the order service: what it asks and what it is told."""

import json
from dataclasses import dataclass
from typing import Any

from clients.errors import UpstreamError
from orchestrator.api.problems import problem_of, problem_of_upstream
from orchestrator.api.render import answer
from orchestrator.checkout import Checkout
from orchestrator.domain import Order
from orchestrator.errors import OrderServiceError
from orchestrator.idempotency import Claim


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it is on the wire."""

    status: int
    body: dict[str, Any]
    replayed: bool

    @property
    def order_id(self) -> str | None:
        """The order it speaks of, if any."""
        name: str | None = self.body.get("orderId") or self.body.get("id")
        return name


async def ask(checkout: Checkout, order: Order, claim: Claim) -> Told:
    """Place the order as `POST /orders` does once the request is read."""
    keyed = claim.key is not None
    try:
        placed = await checkout.place(order, claim)
    except OrderServiceError as error:
        response = problem_of(error, keyed=keyed).response()
    except UpstreamError as failure:
        response = problem_of_upstream(failure, keyed=keyed).response()
    else:
        response = answer(placed.stored, replayed=placed.replayed, keyed=keyed)
    return Told(
        response.status_code,
        json.loads(bytes(response.body)),
        "Idempotent-Replayed" in response.headers,
    )
