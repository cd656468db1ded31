"""Everything there is in a storm, wired together and taken down again."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.custody import Custodians
from chaos.customers import Crowd
from chaos.diary import Diary
from chaos.fleet import Fleet
from chaos.plan import SETTINGS, TIMEOUT_S, URL_SETTINGS, Plan
from chaos.replica_blows import ReplicaBlows
from chaos.settling import Settling
from chaos.shop import stock
from testbed.ports import HOST, free_port
from testbed.processes import Process, reference_upstream
from tests.storm.contract import Journal
from tests.storm.ledger import states
from tests.storm.peers import Inventory, Payment, Shipping
from tests.storm.relay import Relay
from tests.storm.squalls import Squalls
from tests.storm.weather import Climate, Weather
from tests.storm.wire import Server
from tests.storm.wiring import CommonWires

_LONGEST_DELAY_S: Final = 5.5  # beyond the lease, so that late creates meet tombstones
_UPSTREAM: Final = Climate(TIMEOUT_S, _LONGEST_DELAY_S, chance=0.13)
_WAY_TO_THE_DATABASE: Final = Climate(TIMEOUT_S, _LONGEST_DELAY_S, chance=0.05)
_CLIMATES: Final = {
    "inventory": _UPSTREAM,
    "payment": _UPSTREAM,
    "shipping": _UPSTREAM,
    "database": _WAY_TO_THE_DATABASE,  # fairer: every order needs it many times
}


@dataclass(frozen=True)
class Peers:
    """Our own upstreams, and the journal of what they were asked."""

    journal: Journal
    inventory: Inventory
    payment: Payment
    shipping: Shipping
    stock_before: Mapping[str, int]


@dataclass(frozen=True)
class World:
    """Everything there is in a storm."""

    plan: Plan
    peers: Peers
    relay: Relay
    servers: Mapping[str, Server]
    squalls: Squalls
    fleet: Fleet
    blows: ReplicaBlows
    crowd: Crowd
    settling: Settling
    diary: Diary
    rng: random.Random


@asynccontextmanager
async def a_world(plan: Plan, folder: Path, database_url: str | None) -> AsyncIterator[World]:
    """All of it, not started yet; at the end nothing of it is left."""
    rng = random.Random(plan.seed)  # noqa: S311 - to be repeated, not to be secret
    weather = {name: Weather(climate, _fork(rng)) for name, climate in _CLIMATES.items()}
    peers = _peers(weather, stock(plan.seconds))
    three = (peers.inventory, peers.payment, peers.shipping)
    database = _database(folder, database_url)
    async with AsyncExitStack() as stack:
        relay = Relay(database.url, weather["database"])
        handlers = {**{peer.service: peer.handle for peer in three}, "database": relay.handle}
        ports = {name: free_port() for name in handlers}
        servers = {
            name: Server(ports[name], handle, weather[name].turns_away)
            for name, handle in handlers.items()
        }
        for server in servers.values():
            stack.push_async_callback(server.close)
        urls = {URL_SETTINGS[name]: f"http://{HOST}:{port}" for name, port in ports.items()}
        wires = CommonWires(urls, peers.journal, _fork(rng))
        fleet = Fleet(folder, {"database": database}, wires, SETTINGS)
        stack.callback(fleet.stop)
        custodians = Custodians(database)
        stack.push_async_callback(custodians.close)

        async def books(order_id: str) -> dict[str, str]:
            return states(three, order_id)

        crowd = Crowd(_fork(rng), lambda: fleet.addresses, books)
        stack.push_async_callback(crowd.close)
        settling = Settling(lambda: fleet.addresses, _fork(rng))
        stack.push_async_callback(settling.close)
        yield World(
            plan=plan,
            peers=peers,
            relay=relay,
            servers=servers,
            squalls=Squalls({name: (servers[name], weather[name]) for name in servers}, _fork(rng)),
            fleet=fleet,
            blows=ReplicaBlows(fleet, custodians, _fork(rng)),
            crowd=crowd,
            settling=settling,
            diary=Diary(),
            rng=rng,
        )


def _peers(weather: Mapping[str, Weather], units: dict[str, int]) -> Peers:
    journal = Journal()
    return Peers(
        journal,
        Inventory(journal, weather["inventory"], units),
        Payment(journal, weather["payment"]),
        Shipping(journal, weather["shipping"]),
        units,
    )


def _database(folder: Path, database_url: str | None) -> Process:
    url = database_url or f"sqlite:///{folder / 'database.db'}"
    return Process(reference_upstream("database", free_port(), {"DATABASE_URL": url}), folder)


def _fork(rng: random.Random) -> random.Random:
    """One of its own for each, so that they do not disturb each other's luck."""
    return random.Random(rng.random())  # noqa: S311 - as above
