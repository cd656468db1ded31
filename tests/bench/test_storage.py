"""The measuring of the database service works; what it finds is not judged here."""

import uvloop

from bench.storage.measure import measure
from bench.storage.operations import operations
from bench.storage.preload import preload, settle
from bench.storage.report import tables
from bench.storage.scene import scene

ORDERS = 200
COUNT = 40


def test_every_operation_is_measured_on_sqlite() -> None:
    """Each answers as it should, and has its line in the table."""

    async def measure_all() -> str:
        with scene("sqlite") as here:
            preload(here.database_url, 0, ORDERS)
            settle(here.database_url)
            costs = [await measure(here, each, COUNT) for each in operations(ORDERS, run="1")]
        return tables({("sqlite", ORDERS): costs})

    text = uvloop.run(measure_all())

    names = ("create", "confirm", "get", "page of a user", "newest page", "claim of 32", "backlog")
    assert all(f"| {name} |" in text for name in names)
