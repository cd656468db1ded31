"""Everything there is in a run, wired together and taken down again."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.bookkeeping import Bookkeeping
from chaos.custody import Custodians
from chaos.customers import Crowd
from chaos.diary import Diary
from chaos.fleet import Fleet
from chaos.link_blows import LinkBlows
from chaos.network import Network
from chaos.plan import SETTINGS, URL_SETTINGS, Plan
from chaos.replica_blows import ReplicaBlows
from chaos.service_blows import ServiceBlows
from chaos.settling import Settling
from chaos.tracks import Track, link_track, replica_track, service_track
from testbed.ports import free_port
from testbed.postgres import PostgresServer
from testbed.processes import Process, reference_upstream


@dataclass
class World:
    """Everything there is in a run."""

    plan: Plan
    fleet: Fleet
    network: Network
    crowd: Crowd
    settling: Settling
    tracks: tuple[Track, ...]
    diary: Diary
    rng: random.Random


@asynccontextmanager
async def a_world(plan: Plan, folder: Path, server: PostgresServer | None) -> AsyncIterator[World]:
    """All of it, not started yet; at the end nothing of it is left."""
    rng = random.Random(plan.seed)  # noqa: S311 - to be repeated, not to be secret
    services = {
        service: _service(service, folder, server.url if server else None)
        for service in URL_SETTINGS
    }
    urls = {service: process.url for service, process in services.items()}
    async with AsyncExitStack() as stack:
        network = Network(urls)
        stack.push_async_callback(network.close)
        fleet = Fleet(folder, services, network, SETTINGS)
        stack.callback(fleet.stop)
        custodians = Custodians(fleet.database)
        stack.push_async_callback(custodians.close)
        bookkeeping = Bookkeeping(urls, _fork(rng))
        stack.push_async_callback(bookkeeping.close)
        crowd = Crowd(_fork(rng), lambda: fleet.addresses, bookkeeping.states)
        stack.push_async_callback(crowd.close)
        settling = Settling(lambda: fleet.addresses, _fork(rng))
        stack.push_async_callback(settling.close)
        tracks = (
            replica_track(ReplicaBlows(fleet, custodians, _fork(rng))),
            service_track(
                ServiceBlows(fleet, network, server, _fork(rng)), postgres=server is not None
            ),
            link_track(LinkBlows(network, _fork(rng))),
        )
        yield World(plan, fleet, network, crowd, settling, tracks, Diary(), rng)


def _service(name: str, folder: Path, database_url: str | None) -> Process:
    url = database_url or f"sqlite:///{folder / name}.db"
    return Process(reference_upstream(name, free_port(), {"DATABASE_URL": url}), folder)


def _fork(rng: random.Random) -> random.Random:
    """One of its own for each, so that they do not disturb each other's luck."""
    return random.Random(rng.random())  # noqa: S311 - as above
