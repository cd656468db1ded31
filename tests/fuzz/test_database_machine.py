"""The database service's commands do what the reference does, whatever comes after whatever."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from services.database.schema import MIGRATIONS
from services.storage import open_storage
from tests.fuzz.commands import Commands
from tests.fuzz.effort import examples
from tests.fuzz.ledger import Clock, Ledger

USUAL_STORIES: Final = {"sqlite": 20, "postgresql": 8}
"""A command on PostgreSQL takes several times as long, and it is the same command."""
STEPS: Final = 80
"""Commands of one story: enough for an order to be made, lost, taken over, and brought to an end
while others are on their way."""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """Give an event loop that each command is run to its end on."""
    with asyncio.Runner() as opened:
        yield opened


def test_commands(runner: asyncio.Runner, database_url: str) -> None:
    """In any story of creates, writes, claims, undos and repeats, each answer is the reference's.

    So a key names one order, no order is owned twice, no acknowledged write is lost, and what is
    final or going back stays so.
    """
    clock = Clock()
    storage = runner.run(open_storage(database_url, "database", MIGRATIONS))
    try:
        run_state_machine_as_test(
            lambda: Commands(Ledger(runner, storage, clock), clock),  # type: ignore[arg-type]  # as its documentation has it
            settings=settings(
                max_examples=examples(USUAL_STORIES[database_url.partition(":")[0]]),
                stateful_step_count=STEPS,
                suppress_health_check=[*HealthCheck],
            ),
        )
    finally:
        runner.run(storage.close())
