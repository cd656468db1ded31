"""One stage for all tests of a process: the services are made once, and are as new for each run."""

from collections.abc import Iterator

import pytest

from proof.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Give the stage on which cases are played."""
    with Stage() as opened:
        yield opened
