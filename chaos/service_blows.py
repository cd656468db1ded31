"""What is done to the services, and to the PostgreSQL that they keep everything in."""

import asyncio
import random

from chaos.deck import Deck
from chaos.diary import Injection, Kind
from chaos.fleet import Fleet
from chaos.network import Network
from chaos.plan import TIMEOUT_S
from testbed.postgres import PostgresServer


class ServiceBlows:
    """Each method strikes, mends, and returns what it can show for it."""

    def __init__(
        self, fleet: Fleet, network: Network, server: PostgresServer | None, rng: random.Random
    ) -> None:
        self._fleet = fleet
        self._network = network
        self._server = server
        self._rng = rng
        self._upstreams = Deck(("inventory", "payment", "shipping"), rng)

    async def kill_database(self) -> Injection:
        """SIGKILL with requests in its hands; what it had answered must still be there after."""
        return await self._kill(Kind.DATABASE_KILLED, "database")

    async def kill_upstream(self) -> Injection:
        """The same to each of the others in turn."""
        return await self._kill(Kind.UPSTREAM_KILLED, self._upstreams.deal())

    async def _kill(self, kind: Kind, service: str) -> Injection:
        async with self._fleet.database_in_use:
            in_hand = await self._in_hand(service)
            await self._fleet.take_down(service)
            await self._for(0.1, 0.8)
            await self._fleet.bring_up(service)
        proof = f"{in_hand} requests were in its hands" if in_hand else None
        return Injection(kind, service, proof)

    async def pause_database(self) -> Injection:
        """SIGSTOP: the database service is there and answers nothing."""
        async with self._fleet.database_in_use:
            self._fleet.database.pause()
            await self._for(0.5 * TIMEOUT_S, 2.5 * TIMEOUT_S)
            waiting = self._network.in_hand("database")
            self._fleet.database.resume()
        proof = f"{waiting} requests were waiting when it went on" if waiting else None
        return Injection(Kind.DATABASE_PAUSED, "database", proof)

    async def crash_postgres(self) -> Injection:
        """Immediate stop: connections die, nothing is tidied up, and it has to recover."""
        server = self._postgres()
        async with self._fleet.database_in_use:
            in_hand, before = await self._in_hand(None), server.recoveries
            await asyncio.to_thread(server.stop)
            await self._for(0.1, 1.0)
            await asyncio.to_thread(server.start)
        recovered = server.recoveries > before
        text = f"{in_hand} requests were in the services' hands, and it had to recover"
        return Injection(Kind.POSTGRES_CRASHED, "all", text if recovered and in_hand else None)

    async def pause_postgres(self) -> Injection:
        """SIGSTOP to all of its processes: connections are open, and no statement ends."""
        server = self._postgres()
        async with self._fleet.database_in_use:
            await asyncio.to_thread(server.pause)
            await self._for(TIMEOUT_S, 3 * TIMEOUT_S)
            waiting = self._network.in_hand()
            await asyncio.to_thread(server.resume)
        proof = f"{waiting} requests were waiting when it went on" if waiting else None
        return Injection(Kind.POSTGRES_PAUSED, "all", proof)

    def _postgres(self) -> PostgresServer:
        if self._server is None:
            raise AssertionError("there is no PostgreSQL in a run on SQLite")
        return self._server

    async def _in_hand(self, service: str | None) -> int:
        await self._network.until_any_busy(self._network.links(service=service))
        return self._network.in_hand(service)

    async def _for(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self._rng.uniform(least_s, most_s))
