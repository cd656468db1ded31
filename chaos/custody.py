"""Which worker has which unfinished orders, by the database service's own word."""

import asyncio
import contextlib
import socket
import time
from typing import Any, Final

import httpx

from chaos.client import new_client
from testbed.processes import Process

_PATIENCE_S: Final = 1.0  # for one look; it takes milliseconds unless something is broken
_ASK_FOR_S: Final = 3.0
"""Less than a lease: what a dead replica had is still its own then, by the record."""
_LOOK_S: Final = 0.1


class Custodians:
    """Asks the database service directly; where it does not answer there is no proof."""

    def __init__(self, database: Process) -> None:
        self._database = database
        self._http = new_client(_PATIENCE_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def held_by(self, pid: int) -> set[str]:
        """Ids of the unfinished orders that the replica of this process number has, or had."""
        prefix = f"{socket.gethostname()}-{pid}/"
        give_up_at = time.monotonic() + _ASK_FOR_S
        while time.monotonic() < give_up_at:
            with contextlib.suppress(httpx.HTTPError):
                return {
                    order["id"]
                    for status in ("PENDING", "COMPENSATING")
                    for order in await self._listed(status)
                    if (order["owner"] or "").startswith(prefix)
                }
            await asyncio.sleep(_LOOK_S)
        return set()

    async def _listed(self, status: str) -> list[dict[str, Any]]:
        """Of the newest hundred: more are unfinished only after an outage."""
        query = {"status": status, "limit": "100"}
        answer = await self._http.get(f"{self._database.url}/orders", params=query)
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items
