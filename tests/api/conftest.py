"""The order service in this process: with upstreams that must not be reached, or with real ones."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings as hypothesis_settings

from app import create_app
from tests.api.in_process import SERVICES, Tripwire, Whole, client_of, settings, whole

# Examples that change from run to run would make a red test somebody else's.
hypothesis_settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture
def tripwire() -> Tripwire:
    """Stand in for all four upstreams, and see whether any was reached."""
    return Tripwire()


@pytest.fixture
async def front(tripwire: Tripwire) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an order service whose upstreams are the tripwire."""
    app = create_app(settings(), transports=dict.fromkeys(SERVICES, tripwire))
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Whole]:
    """Give the order service over the real reference upstreams."""
    async with whole(tmp_path) as running:
        yield running
