"""One stage for all tests of a file: the services are made once, and are as new for each run.

No longer than a file: on a stage nothing is logged, and the tests of the logs may come next.
"""

from collections.abc import Iterator

import pytest

from proof.stage import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Give the stage on which cases are played."""
    with Stage() as opened:
        yield opened
