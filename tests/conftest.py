"""What tests of all parts share: a PostgreSQL of their own, and which of them run side by side."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from testbed.postgres import find_binaries, private_postgres

TESTS: Final = Path(__file__).parent
SHARING_A_STACK: Final = TESTS / "e2e"
"""Seven processes, started once for all of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares dear fixtures when the tests run in several processes."""
    for item in items:
        shares = SHARING_A_STACK if item.path.is_relative_to(SHARING_A_STACK) else item.path
        item.add_marker(pytest.mark.xdist_group(str(shares.relative_to(TESTS))))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a private PostgreSQL, started for the first test that asks for it.

    Without PostgreSQL's binaries the test is skipped; with REQUIRE_POSTGRES=1 it fails.
    """
    binaries = find_binaries()
    if binaries is None:
        _do_without("initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin")
    else:
        with private_postgres(binaries) as url:
            yield url


def _do_without(reason: str) -> None:
    if os.environ.get("REQUIRE_POSTGRES") == "1":
        pytest.fail(f"REQUIRE_POSTGRES=1, but {reason}", pytrace=False)
    pytest.skip(f"no PostgreSQL: {reason}")
