"""Real sockets in real time, on both event loops: what one of them forgives, the other may not."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import httpx
import pytest
import uvloop

from clients.http1.transport import LeanTransport

_STOCK_ON_UVLOOP: Final = re.compile(r"clients/http1/.*\[uvloop-(stock|httpx)\b")
_NEVER_S: Final = 1000.0
"""Connections do not grow old here: that would hide that something else should have closed them."""


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Make the loops of these tests."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=["ours", "stock"])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """Give our transport, and httpx's: where they should agree they are held to the same."""
    made: httpx.AsyncBaseTransport = (
        LeanTransport(idle_s=_NEVER_S)
        if request.param == "ours"
        else httpx.AsyncHTTPTransport(trust_env=False)
    )
    async with made:
        yield made


@pytest.fixture
async def ours() -> AsyncIterator[LeanTransport]:
    """Give our transport alone."""
    async with LeanTransport(idle_s=_NEVER_S) as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out httpx's own network on uvloop: it is looked at to compare with, once is enough."""
    items[:] = [item for item in items if not _STOCK_ON_UVLOOP.search(item.nodeid)]
