"""What is done to the links between replicas and services."""

import asyncio
import random
from collections.abc import Sequence

from chaos.deck import chance
from chaos.diary import Injection, Kind
from chaos.network import Network, some_places
from chaos.plan import LEASE_S, TIMEOUT_S
from testbed.link import Link, Mode

Place = tuple[str, str]


class LinkBlows:
    """Each method strikes, mends, and returns what it can show for it."""

    def __init__(self, network: Network, rng: random.Random) -> None:
        self._network = network
        self._rng = rng

    async def cut(self) -> Injection:
        """Reset connections while requests are on them."""
        places, links = await self._busy_links()
        in_use = sum(link.cut() for link in links)
        return self._told(Kind.LINK_CUT, places, in_use, "requests were on them")

    async def refuse(self) -> Injection:
        """Cut, then turn every new connection away, then let nobody listen at all."""
        places, links = await self._busy_links()
        before = _count(links, "turned away")
        for link in links:
            link.become(Mode.TURNING_AWAY)
            link.cut()
        await self._for(0.3, 1.0)
        for link in links:
            await link.shut()
            link.become(Mode.FAIR)
        await self._for(0.3, 1.0)
        for replica, service in places:
            await self._network.reopen(replica, service)
        turned_away = _count(links, "turned away") - before
        return self._told(Kind.LINK_REFUSED, places, turned_away, "connections were turned away")

    async def lose_answers(self) -> Injection:
        """Requests take effect, and their answers are lost."""
        return await self._mode(
            Kind.ANSWERS_LOST, Mode.LOSING_ANSWERS, "lost", "answers were lost", (0.3, 1.0)
        )

    async def slow_down(self) -> Injection:
        """Requests take long, some too long."""
        delay_s = self._rng.uniform(0.2, 1.3) * TIMEOUT_S
        return await self._mode(
            Kind.LINK_SLOW, Mode.SLOW, "delayed", f"requests took {delay_s:.2f} s more",
            (0.5, 1.5), delay_s=delay_s,
        )  # fmt: skip

    async def fall_silent(self) -> Injection:
        """Connections stay open, and nothing that is sent on them arrives anywhere."""
        spans = (1.2 * TIMEOUT_S, 2.5 * TIMEOUT_S)
        return await self._mode(
            Kind.LINK_SILENT, Mode.SILENT, "swallowed", "requests were swallowed", spans
        )

    async def hold(self) -> Injection:
        """Requests arrive when their callers have given up; some of them beyond the lease."""
        soon, late = (1.3 * TIMEOUT_S, 3 * TIMEOUT_S), (LEASE_S, LEASE_S + 2)
        spans = late if chance(self._rng, 0.3) else soon
        text = "requests were delivered after their callers had gone"
        return await self._mode(Kind.REQUESTS_LATE, Mode.HOLDING, "late", text, spans)

    async def _mode(
        self,
        kind: Kind,
        mode: Mode,
        counted: str,
        text: str,
        spans: tuple[float, float],
        *,
        delay_s: float = 0.0,
    ) -> Injection:
        places, links = await self._busy_links()
        before = _count(links, counted)
        for link in links:
            link.become(mode, delay_s=delay_s)
        await self._for(*spans)
        for link in links:
            link.become(Mode.FAIR)
        await asyncio.sleep(0.1)  # what was held is on its way
        return self._told(kind, places, _count(links, counted) - before, text)

    async def _busy_links(self) -> tuple[list[Place], list[Link]]:
        places = some_places(self._network, self._rng)
        links = [link for place in places if (link := self._network.link(place)) is not None]
        await self._network.until_any_busy(links)
        return places, links

    async def _for(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self._rng.uniform(least_s, most_s))

    @staticmethod
    def _told(kind: Kind, places: Sequence[Place], count: int, text: str) -> Injection:
        target = ", ".join(f"{replica}–{service}" for replica, service in places)
        return Injection(kind, target, f"{count} {text}" if count else None)


def _count(links: Sequence[Link], name: str) -> int:
    return sum(link.counts[name] for link in links)
