"""The network while a storm goes on: each way is fair, rough, very rough or cut, by turns."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Final

from chaos.deck import Deck
from tests.storm.weather import Fault, Weather
from tests.storm.wire import Server

Ways = Mapping[str, tuple[Server, Weather]]

_TURNS: Final = (None, 0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 3.0)
"""What becomes of a way: nobody listens, or faults so many times as usual."""


class Squalls:
    """Seeded; `heal` mends everything."""

    def __init__(self, ways: Ways, rng: random.Random) -> None:
        self._ways = ways
        self._rng = rng
        self._turns = Deck(_TURNS, rng)

    @property
    def faults(self) -> Counter[Fault]:
        """How many requests met each, over all services."""
        return sum((weather.counts for _, weather in self._ways.values()), Counter[Fault]())

    @property
    def late(self) -> int:
        """Requests on their way still."""
        return sum(weather.late for _, weather in self._ways.values())

    async def blow(self) -> None:
        """Change one way after the other, until cancelled."""
        while True:
            await asyncio.sleep(self._rng.uniform(0.3, 1.2))
            server, weather = self._ways[self._rng.choice(list(self._ways))]
            factor = self._turns.deal()
            if factor is None:
                weather.counts[Fault.OUTAGE] += 1
                await server.shut()
                await asyncio.sleep(self._rng.uniform(0.3, 1.5))
                await server.open()
            else:
                weather.factor = factor

    async def heal(self) -> None:
        """From now on everything is fair, but for what is late already."""
        for server, weather in self._ways.values():
            weather.heal()
            await server.open()
