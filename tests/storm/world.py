"""Everything there is in a storm, wired together and taken down again."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from testbed.ports import free_port
from tests.storm.contract import Journal
from tests.storm.customers import Crowd
from tests.storm.evidence import states
from tests.storm.fleet import Fleet, database_process
from tests.storm.havoc import Havoc
from tests.storm.peers import Inventory, Payment, Shipping
from tests.storm.relay import Relay
from tests.storm.shop import HOT, PLENTY
from tests.storm.weather import Climate, Weather
from tests.storm.wire import HOST, Server

TIMEOUT_S: Final = 0.6
LEASE_S: Final = 5.0
_SETTINGS: Final = {
    "UPSTREAM_TIMEOUT_S": f"{TIMEOUT_S}",
    "ORDER_DEADLINE_S": "3",
    "LEASE_S": f"{LEASE_S:g}",
    "RECOVERY_INTERVAL_S": "0.5",
    "RESUME_WINDOW_S": "20",
    "BREAKER_OPEN_S": "1",  # as short as all the others
}
_URLS: Final = {
    "inventory": "INVENTORY_URL",
    "payment": "PAYMENT_URL",
    "shipping": "SHIPPING_URL",
    "database": "DATABASE_SERVICE_URL",
}
_LONGEST_DELAY_S: Final = 7.0  # beyond the lease, so that late creates meet tombstones
_PATIENCE_S: Final = 15.0  # for a list of all orders, when the storm is over

_UPSTREAM: Final = Climate(TIMEOUT_S, _LONGEST_DELAY_S, chance=0.13)
_WAY_TO_THE_DATABASE: Final = Climate(TIMEOUT_S, _LONGEST_DELAY_S, chance=0.05)
_CLIMATES: Final = {
    "inventory": _UPSTREAM,
    "payment": _UPSTREAM,
    "shipping": _UPSTREAM,
    "database": _WAY_TO_THE_DATABASE,  # fairer: every order needs it many times
}


@dataclass(frozen=True)
class Plan:
    """What kind of storm; `seconds` is how long it rages, not how long the whole takes."""

    seed: int
    seconds: float
    database_url: str | None = None


@dataclass
class World:
    """Everything there is in a storm."""

    plan: Plan
    journal: Journal
    inventory: Inventory
    payment: Payment
    shipping: Shipping
    fleet: Fleet
    network: Mapping[str, tuple[Server, Weather]]
    havoc: Havoc
    crowd: Crowd
    rng: random.Random
    http: httpx.AsyncClient

    @property
    def late(self) -> int:
        """Requests on their way still."""
        return sum(weather.late for _, weather in self.network.values())


@asynccontextmanager
async def a_world(plan: Plan, folder: Path) -> AsyncIterator[World]:
    """All of it, not started yet; at the end nothing of it is left."""
    rng = random.Random(plan.seed)  # noqa: S311 - to be repeated, not to be secret
    journal, database = Journal(), database_process(folder, plan.database_url)
    weather = {name: Weather(climate, _fork(rng)) for name, climate in _CLIMATES.items()}
    inventory = Inventory(journal, weather["inventory"], _stock(plan.seconds))
    payment = Payment(journal, weather["payment"])
    shipping = Shipping(journal, weather["shipping"])
    relay = Relay(database.url, weather["database"])
    ports = {name: free_port() for name in _URLS}
    peers = (inventory, payment, shipping)
    handlers = {**{peer.service: peer.handle for peer in peers}, "database": relay.handle}
    network = {
        name: (Server(ports[name], handle, weather[name].turns_away), weather[name])
        for name, handle in handlers.items()
    }
    urls = {_URLS[name]: f"http://{HOST}:{port}" for name, port in ports.items()}
    fleet = Fleet(folder, database, {**_SETTINGS, **urls})
    world = World(
        plan=plan,
        journal=journal,
        inventory=inventory,
        payment=payment,
        shipping=shipping,
        fleet=fleet,
        network=network,
        havoc=Havoc(fleet, journal, network, _fork(rng), LEASE_S),
        crowd=Crowd(_fork(rng), lambda: fleet.addresses, lambda order: states(peers, order)),
        rng=rng,
        http=httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False),
    )
    try:
        yield world
    finally:
        fleet.stop()
        await world.crowd.close()
        await world.http.aclose()
        for server, _ in network.values():
            await server.close()
        await relay.close()


def _fork(rng: random.Random) -> random.Random:
    """One of its own for each, so that they do not disturb each other's luck."""
    return random.Random(rng.random())  # noqa: S311 - as above


def _stock(seconds: float) -> dict[str, int]:
    """Popular articles run out in the course of the storm, the others never."""
    return dict.fromkeys(HOT, max(8, int(seconds * 0.7))) | dict.fromkeys(PLENTY, 1_000_000)
