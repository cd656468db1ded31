"""The same examples every time, unless somebody looks for new ones.

`HYPOTHESIS_PROFILE=search make test ARGS=tests/fuzz` tries twenty times as many, other ones each
time; `--hypothesis-profile=search` does the same where only this folder is run.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fuzz.engines import postgres_url_of, sqlite_url

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("search", database=None, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database, once per engine."""
    if request.param == "sqlite":
        opened = sqlite_url(tmp_path)
    else:
        opened = postgres_url_of(request.getfixturevalue("postgres_url"))
    with opened as url:
        yield url
