"""The end of a replica takes `DRAIN_S` from the signal on, whatever of it comes when."""

import asyncio
from typing import Final

from clients.database import StoredOrder
from orchestrator.admission import Admission
from orchestrator.saga.running import RunningSagas
from orchestrator.shutdown import Drain
from tests.unit.world import now_s

DRAIN_S: Final = 10.0
GIVE_UP_S: Final = 5.0


class Recovery:
    """Notes that it was stopped."""

    stopped = 0

    def stop(self) -> None:
        """Count."""
        self.stopped += 1


class Replica:
    """What drains."""

    def __init__(self) -> None:
        self.admission = Admission(max_in_flight=1, upstreams=[])
        self.recovery = Recovery()
        self.running = RunningSagas()
        self.drain = Drain(
            self.admission,
            self.recovery,
            self.running,
            finish_within_s=DRAIN_S,
            give_up_within_s=GIVE_UP_S,
        )

    def start_endless(self) -> "asyncio.Task[StoredOrder]":
        """Run a saga that ends only when it is told to."""

        async def endless() -> StoredOrder:
            await asyncio.sleep(1000)
            raise AssertionError

        return self.running.start("endless", endless())


async def test_nothing_is_taken_up_from_the_signal_on() -> None:
    """Neither new orders nor those of others; said twice it is done once."""
    replica = Replica()

    replica.drain.begin()
    replica.drain.begin()

    assert replica.admission.draining
    assert 1 == replica.recovery.stopped


async def test_the_time_counts_from_the_signal() -> None:
    """A server that waited for its requests before has used it up, not put it off."""
    replica, began = Replica(), now_s()
    saga = replica.start_endless()

    replica.drain.begin()
    await asyncio.sleep(6)
    await replica.drain.finish()

    assert saga.cancelled()
    assert began + DRAIN_S == now_s()


async def test_orders_are_given_up_while_the_server_still_waits_for_their_requests() -> None:
    """Or their clients would never be told, and the server never end."""
    replica, began = Replica(), now_s()
    saga = replica.start_endless()

    replica.drain.begin()
    await asyncio.wait({saga})

    assert saga.cancelled()
    assert began + DRAIN_S == now_s()


async def test_what_began_late_ends_with_the_rest() -> None:
    """A claim that was under way at the signal may still bring an order."""
    replica, began = Replica(), now_s()

    replica.drain.begin()
    await asyncio.sleep(1)
    saga = replica.start_endless()
    await replica.drain.finish()

    assert saga.cancelled()
    assert began + DRAIN_S == now_s()


async def test_without_a_signal_it_counts_from_the_end() -> None:
    """A server may also end by itself."""
    replica, began = Replica(), now_s()
    replica.start_endless()
    await asyncio.sleep(3)

    await replica.drain.finish()

    assert replica.admission.draining
    assert began + 3 + DRAIN_S == now_s()


async def test_nothing_to_wait_for() -> None:
    """An idle replica is gone at once."""
    replica, began = Replica(), now_s()

    replica.drain.begin()
    await replica.drain.finish()

    assert began == now_s()
