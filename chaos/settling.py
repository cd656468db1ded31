"""The end of a run: wait for all orders, list them, and ask everything again."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from chaos.attempt import NO_ANSWER, Attempt
from chaos.client import new_client
from chaos.customers import Crowd
from chaos.deck import chance
from chaos.evidence import Order, by_key
from chaos.plan import BOUND_S
from chaos.shop import Wish, wish

_LOOK_S: Final = 0.2
_PATIENCE_S: Final = 15.0  # for a list of all orders, when everything works again
_TRIES: Final = 5
_PAUSE_S: Final = 1.0  # as long as a circuit stays open (BREAKER_OPEN_S)
_AT_ONCE: Final = 8  # far below what a replica refuses at
_OTHER_BODIES: Final = 0.3  # of the repeats are followed by another body under their key


class Settling:
    """Reads orders through the replicas, as anybody would; `addresses` gives those there are."""

    def __init__(self, addresses: Callable[[], Mapping[str, str]], rng: random.Random) -> None:
        self._addresses = addresses
        self._rng = rng
        self._http = new_client(_PATIENCE_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def until_final(self, healed_at: float) -> list[str]:
        """Wait for the end of all orders, within the bound, and return those without one.

        The bound counts from `healed_at`, on the monotonic clock.
        """
        while True:
            unfinished = [
                order["id"]
                for status in ("PENDING", "COMPENSATING")
                for order in await self._listed(status=status)
            ]
            if not unfinished or time.monotonic() > healed_at + BOUND_S:
                return unfinished
            await asyncio.sleep(_LOOK_S)

    async def all_orders(self) -> dict[str, Order]:
        """By id."""
        return {order["id"]: order for order in await self._listed()}

    async def _listed(self, **filters: str) -> list[dict[str, Any]]:
        """All pages of a list, each from some replica."""
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {**filters, "limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = await self._page(query)
            found += page["items"]
            cursor = page["nextCursor"]
        return found

    async def _page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page, from the first replica that gives it; some have a circuit that is open still."""
        give_up_at = time.monotonic() + BOUND_S
        while True:
            address = self._rng.choice(list(self._addresses().values()))
            with contextlib.suppress(*NO_ANSWER):
                answer = await self._http.get(f"{address}/orders", params=query)
                if answer.status_code == httpx.codes.OK:
                    page: dict[str, Any] = answer.json()
                    return page
            if time.monotonic() > give_up_at:
                message = f"no replica lists its orders {BOUND_S:g} s after everything worked again"
                raise TimeoutError(message)
            await asyncio.sleep(_LOOK_S)

    async def replay(
        self, crowd: Crowd, orders: Mapping[str, Order], *, at_most: int
    ) -> list[tuple[Attempt, Attempt | None]]:
        """Ask again under old keys, with the same body spelled anew, and with others."""
        placed = {order["address"]["line1"] for order in orders.values()}
        asked = [
            (attempt.wish, key)
            for (_, key), group in by_key(crowd.attempts).items()
            for attempt in {one.wish.marker: one for one in group}.values()
            if attempt.wish.marker in placed
        ]
        chosen = self._rng.sample(asked, min(len(asked), at_most))
        replays: list[tuple[Attempt, Attempt | None]] = []
        for first in range(0, len(chosen), _AT_ONCE):
            few = chosen[first : first + _AT_ONCE]
            replays += await asyncio.gather(*(self._again(crowd, *one) for one in few))
        return replays

    async def refusing(self, crowd: Crowd) -> list[str]:
        """Place an order with each replica; the names of those that do not confirm it."""
        return [name for name in self._addresses() if not await self._confirms(crowd, name)]

    async def _confirms(self, crowd: Crowd, replica: str) -> bool:
        """It may take a few tries: a circuit that is open still closes at the first success."""
        for _ in range(_TRIES):
            wanted = wish(self._rng)
            while wanted.hopeless or wanted.scarce:
                wanted = wish(self._rng)
            if (await crowd.ask(wanted, None, replica)).status == httpx.codes.CREATED:
                return True
            await asyncio.sleep(_PAUSE_S)
        return False

    async def _again(self, crowd: Crowd, wanted: Wish, key: str) -> tuple[Attempt, Attempt | None]:
        same = await crowd.ask(wanted, key)
        if wanted.user is None or not chance(self._rng, _OTHER_BODIES):
            return same, None
        different = wish(self._rng, user=wanted.user)
        other = await crowd.ask(different, key) if different.user == wanted.user else None
        return same, other
