"""Customers, patient and not: who place orders, ask twice, hang up, and reuse their keys."""

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import httpx

from chaos.attempt import NO_ANSWER, Attempt, Look
from chaos.client import new_client
from chaos.deck import chance
from chaos.shop import USERS, Wish, wish

_PATIENCE_S: Final = 12.0
"""Longer than any answer of a living replica takes; a paused one is given up."""

_MOST_TRIES: Final = 6
_CURIOUS: Final = 0.25
"""Of the answers that name an order, so many are checked by a look at it."""


BooksOfOrder = Callable[[str], Awaitable[Mapping[str, str] | None]]
"""The states at the upstreams of what an order has there; None when nobody looked."""


class Crowd:
    """The customers of one run; `replicas` gives name and address of those there are now."""

    def __init__(
        self,
        rng: random.Random,
        replicas: Callable[[], Mapping[str, str]],
        books: BooksOfOrder,
    ) -> None:
        self.attempts: list[Attempt] = []
        self.looks: list[Look] = []
        self.nonsense: list[tuple[str, int, Any]] = []
        self._rng = rng
        self._replicas = replicas
        self._books = books
        self._stopping = False
        # Many connections are made anew, as many customers make them.
        self._http = new_client(_PATIENCE_S, kept=10)

    @asynccontextmanager
    async def shopping(self, customers: int) -> AsyncIterator[None]:
        """Inside it so many customers shop; at its end they finish what they have begun."""
        tasks = [asyncio.create_task(self._shop()) for _ in range(customers)]
        try:
            yield
            self._stopping = True
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _shop(self) -> None:
        """One customer after another, until it is time to stop."""
        scenes: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (34, self._keyed),
            (18, self._unkeyed),
            (16, self._twins),
            (12, self._two_bodies),
            (4, self._namesakes),
            (10, self._hang_up),
            (3, self._talk_nonsense),
        ]
        weights = [weight for weight, _ in scenes]
        while not self._stopping:
            await self._rng.choices(scenes, weights)[0][1]()
            await asyncio.sleep(self._rng.uniform(0, 0.25))

    async def ask(
        self, wanted: Wish, key: str | None, replica: str = "", *, patience_s: float = _PATIENCE_S
    ) -> Attempt:
        """Send one request and keep what came of it."""
        known = self._replicas()
        name = replica if replica in known else self._rng.choice(list(known))
        attempt = Attempt(wanted, key, name, time.monotonic())
        self.attempts.append(attempt)
        header = self._rng.choice(["X-Idempotency-Key", "Idempotency-Key"])
        headers = {"Content-Type": "application/json"} | ({header: key} if key else {})
        try:
            async with asyncio.timeout(patience_s):
                answer = await self._http.post(
                    f"{known[name]}/orders", content=wanted.spelled(self._rng), headers=headers
                )
            await self._keep(attempt, answer)
        except TimeoutError:
            attempt.ending = "hung up"
        except NO_ANSWER as error:
            attempt.ending = type(error).__name__
        attempt.ended = attempt.ended or time.monotonic()
        if attempt.order_id is not None and chance(self._rng, _CURIOUS):
            await self._look(attempt.order_id)
        return attempt

    async def _keep(self, attempt: Attempt, answer: httpx.Response) -> None:
        attempt.status = answer.status_code
        attempt.headers = dict(answer.headers)
        try:
            attempt.document = answer.json()
        except ValueError:
            attempt.wellformed = False
        attempt.ended = time.monotonic()
        if attempt.order_id is not None:
            attempt.books = await self._books(attempt.order_id)

    async def _look(self, order_id: str) -> None:
        address = self._rng.choice(list(self._replicas().values()))
        with contextlib.suppress(*NO_ANSWER):
            answer = await self._http.get(f"{address}/orders/{order_id}")
            if answer.status_code in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
                found = answer.json() if answer.status_code == HTTPStatus.OK else None
                self.looks.append(Look(order_id, found))

    async def insist(self, wanted: Wish, key: str) -> Attempt:
        """Ask under one key until there is an end, or a few times."""
        attempt = await self.ask(wanted, key)
        for _ in range(_MOST_TRIES):
            if attempt.final or attempt.code == "idempotency_key_reused" or self._stopping:
                break
            await asyncio.sleep(self._rng.uniform(0.05, 1.2))
            attempt = await self.ask(wanted, key)
        return attempt

    def _key(self) -> str:
        return f"k-{uuid.UUID(int=self._rng.getrandbits(128), version=4)}"

    async def _keyed(self) -> None:
        await self.insist(wish(self._rng), self._key())

    async def _unkeyed(self) -> None:
        await self.ask(wish(self._rng), None)

    async def _twins(self) -> None:
        """The same to every replica at once, and once more later."""
        wanted, key = wish(self._rng), self._key()
        spread = self._rng.choice([0.0, 0.0, 0.1, 1.0])
        names = list(self._replicas()) * self._rng.choice([1, 1, 2])
        await asyncio.gather(*(self._after(spread, wanted, key, name) for name in names))
        await self.insist(wanted, key)

    async def _two_bodies(self) -> None:
        """Another body under one's own key: at once, or when the first is through."""
        user = self._rng.choice(USERS)
        one, other, key = wish(self._rng, user=user), wish(self._rng, user=user), self._key()
        if one.user != other.user:
            return  # a declined one: another caller
        if chance(self._rng, 0.5):
            await asyncio.gather(*(self._after(0.05, wanted, key, "") for wanted in (one, other)))
        await self.insist(one, key)
        await self.insist(other, key)

    async def _namesakes(self) -> None:
        """Two users who happen to choose one key."""
        one, other = (wish(self._rng, user=user) for user in self._rng.sample(USERS, 2))
        key = self._key()
        await asyncio.gather(self.insist(one, key), self.insist(other, key))

    async def _hang_up(self) -> None:
        wanted = wish(self._rng)
        key = self._key() if chance(self._rng, 0.6) else None
        await self.ask(wanted, key, patience_s=self._rng.choice([0.005, 0.03, 0.1, 0.4]))
        if key and chance(self._rng, 0.7):  # the others never come back
            await self.insist(wanted, key)

    async def _talk_nonsense(self) -> None:
        good = wish(self._rng).spelled(self._rng)
        name, address = self._rng.choice(list(self._replicas().items()))
        sent, headers, status = self._rng.choice(
            [
                (b"{", {}, 400),
                (good, {"X-Idempotency-Key": "a b"}, 400),
                (good, {"X-Idempotency-Key": "k" * 256}, 400),
                (good, {"X-Idempotency-Key": "a", "Idempotency-Key": "b"}, 400),
                (good.replace(b'"qty": ', b'"qty": -'), {}, 422),
                (good.replace(b'"qty": ', b'"price2": 1, "qty": '), {}, 422),
                (good.replace(b'"items": [', b'"items": [], "x": ['), {}, 422),
                (b'{"items": [{"sku": "\\u0000", "qty": 1, "price": NaN}]}', {}, 422),
            ]
        )
        try:
            answer = await self._http.post(f"{address}/orders", content=sent, headers=headers)
        except NO_ANSWER:
            return
        if answer.status_code != status:
            asked = f"{name}: {sent!r} {headers} should be {status}"
            self.nonsense.append((asked, answer.status_code, answer.text))

    async def _after(self, spread: float, wanted: Wish, key: str, replica: str) -> None:
        if spread:
            await asyncio.sleep(self._rng.uniform(0, spread))
        await self.ask(wanted, key, replica)
