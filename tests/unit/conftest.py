"""Every asynchronous test here runs in virtual time; every property is tried on the same examples.

Examples that change from run to run would make a red test somebody else's. Whoever looks for new
ones says `HYPOTHESIS_PROFILE=search make test`.
"""

import asyncio
import os
from collections.abc import Callable, Mapping

from hypothesis import settings

from proof.virtual_time import VirtualTimeLoop

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("search", database=None, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Make the loops of these tests."""
    return {"virtual": VirtualTimeLoop}
