"""Many workers at once lose no write, share no order, and agree on what they saw."""

from collections import Counter
from contextlib import AsyncExitStack
from typing import Final

import pytest

from services.database.app import create_app
from tests.fuzz.crowd import Crowd
from tests.fuzz.effort import examples
from tests.fuzz.testimony import Accounts
from tests.services.in_process import running

WORKERS: Final = 12
COMMANDS: Final = 25
"""Commands of each worker: 300 in all on two dozen orders, so that most meet."""


@pytest.mark.parametrize("seed", range(examples(2)))
async def test_at_once(database_url: str, seed: int) -> None:
    """Whatever was told to whom can have happened one after the other, and none of it is lost."""
    processes = 1 if database_url.startswith("sqlite") else 2
    async with AsyncExitStack() as stack:
        doors = [
            await stack.enter_async_context(running(create_app, database_url))
            for _ in range(processes)
        ]
        crowd = Crowd(doors, seed)
        await crowd.work(workers=WORKERS, commands=COMMANDS)
        left = (await doors[0].get("/orders", params={"limit": 100})).json()["items"]

    did = Counter((event.did, event.status) for event in crowd.events)
    assert [] == Accounts(crowd.events, left).faults()
    assert not [status for _, status in did if status >= 500]
    assert min(did["write", 200], did["write", 409], did["create", 200]) > 0
    assert sum(1 for event in crowd.events if event.did == "claim" and event.records) > 0
