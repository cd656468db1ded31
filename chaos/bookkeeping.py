"""What the reference services hold for one order, asked of them directly."""

import random
from collections.abc import Mapping
from typing import Final

import httpx

from chaos.client import new_client
from chaos.deck import chance
from chaos.evidence import resource_name

_PATHS: Final = {"inventory": "reservations", "payment": "payments", "shipping": "shipments"}
_PATIENCE_S: Final = 2.0
_CHECKED: Final = 0.15  # of the answers: three more requests each, on a machine that is busy


class Bookkeeping:
    """Looks up a share of the orders that customers are told of."""

    def __init__(self, services: Mapping[str, str], rng: random.Random) -> None:
        self._services = services
        self._rng = rng
        self._http = new_client(_PATIENCE_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def states(self, order_id: str) -> Mapping[str, str] | None:
        """The states of what the order has; None when it was not its turn, or one did not say."""
        if not chance(self._rng, _CHECKED):
            return None
        found = {}
        for service, path in _PATHS.items():
            url = f"{self._services[service]}/{path}/{resource_name(order_id, service)}"
            try:
                answer = await self._http.get(url)
                if answer.status_code != httpx.codes.NOT_FOUND:
                    found[service] = str(answer.raise_for_status().json()["status"])
            except httpx.HTTPError:
                return None
        return found
