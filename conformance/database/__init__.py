"""The checks of the database service, whose API is the project's own."""

from typing import Final

from conformance.check import Group
from conformance.database import abandon, create, leases, lists, restart, update
from conformance.database.probe import DatabaseProbe

DATABASE_GROUPS: Final[tuple[Group[DatabaseProbe], ...]] = (
    create.GROUP,
    update.GROUP,
    leases.GROUP,
    abandon.GROUP,
    lists.GROUP,
    restart.GROUP,
)
