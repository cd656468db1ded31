"""Every replica's links to every service, each of which can be broken by itself."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from chaos.deck import chance
from chaos.plan import URL_SETTINGS
from testbed.link import Link

_LATENCY_S: Final = 0.015
"""Of a request: between two rooms of one city. It keeps a few orders under way at any moment, for
what strikes to strike something, and costs no processor time."""

_BUSY_WITHIN_S: Final = 0.7  # customers ask several times a second; an idle moment is soon over
_LOOK_S: Final = 0.002  # most requests are on their way for a few milliseconds


class Network:
    """Links by replica and service; `services` gives their true addresses."""

    def __init__(self, services: Mapping[str, str]) -> None:
        self._services = services
        self._links: dict[tuple[str, str], Link] = {}
        self._gone: list[Link] = []
        self._down: set[str] = set()

    async def wire(self, replica: str) -> Mapping[str, str]:
        """Make the links of a new replica; the settings that lead it to them."""
        for service, url in self._services.items():
            link = self._links[replica, service] = Link(url, latency_s=_LATENCY_S)
            if service not in self._down:
                await link.open()
        return {
            URL_SETTINGS[service]: self._links[replica, service].url for service in self._services
        }

    async def unwire(self, replica: str) -> None:
        """What the replica had sent is on its way still; nothing new comes."""
        for service in self._services:
            link = self._links.pop((replica, service))
            await link.shut()
            self._gone.append(link)

    async def shut(self, service: str) -> None:
        """The system refuses connections to this service."""
        self._down.add(service)
        for link in self.links(service=service):
            await link.shut()

    async def open(self, service: str) -> None:
        """The service is up again."""
        self._down.discard(service)
        for link in self.links(service=service):
            await link.open()

    async def reopen(self, replica: str, service: str) -> None:
        """A link that was shut by itself, unless its service is down or its replica gone."""
        link = self._links.get((replica, service))
        if link is not None and service not in self._down:
            await link.open()

    def links(self, *, replica: str | None = None, service: str | None = None) -> list[Link]:
        """All, or those of a replica, or those to a service."""
        return [self._links[place] for place in self.places(replica=replica, service=service)]

    def places(
        self, *, replica: str | None = None, service: str | None = None
    ) -> list[tuple[str, str]]:
        """The same as pairs of replica and service."""
        return [
            (one, other)
            for one, other in self._links
            if replica in {None, one} and service in {None, other}
        ]

    def link(self, place: tuple[str, str]) -> Link | None:
        """One of them; None when its replica has gone."""
        return self._links.get(place)

    def in_hand(self, service: str | None = None) -> int:
        """Requests to this service (or any) that are not answered yet."""
        return sum(link.in_hand for link in self.links(service=service))

    async def until_busy(self, replica: str) -> None:
        """Return when this replica has a request of an order's step on its way, or soon."""
        links = [
            self._links[place] for place in self.places(replica=replica) if place[1] != "database"
        ]
        await self.until_any_busy(links)

    async def until_any_busy(self, links: Sequence[Link]) -> None:
        """Return when a request is on its way over one of these, or soon."""
        give_up_at = asyncio.get_running_loop().time() + _BUSY_WITHIN_S
        while not any(link.in_hand for link in links):
            if asyncio.get_running_loop().time() > give_up_at:
                return
            await asyncio.sleep(_LOOK_S)

    @property
    def counts(self) -> Counter[str]:
        """What all links did to traffic."""
        every = [*self._links.values(), *self._gone]
        return sum((link.counts for link in every), Counter[str]())

    async def close(self) -> None:
        """Stop all of them."""
        for link in [*self._links.values(), *self._gone]:
            await link.close()


def some_places(network: Network, rng: random.Random) -> list[tuple[str, str]]:
    """Mostly one link; sometimes all of a replica (it is cut off), or all to a service."""
    replica, service = rng.choice(network.places())
    if chance(rng, 0.6):
        return [(replica, service)]
    if chance(rng, 0.5):
        return network.places(replica=replica)
    return network.places(service=service)
