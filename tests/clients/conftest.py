"""These tests run as those of tests/unit do: in virtual time, on repeatable examples."""

from tests.unit.conftest import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]
