"""What tests of all parts share: a PostgreSQL of their own."""

import os
from collections.abc import Iterator

import pytest

from testbed.postgres import find_binaries, private_postgres


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
