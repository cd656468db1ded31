"""Which checks a service has, and what each of them is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from conformance.check import Check, Group
from conformance.checks import UPSTREAM_GROUPS
from conformance.contract import CONTRACTS, DATABASE, DATABASE_WORDS, INVENTORY
from conformance.database import DATABASE_GROUPS
from conformance.database.probe import DatabaseProbe
from conformance.probe import UpstreamProbe
from conformance.shelf import expect_stock_can_be_had
from conformance.target import Needs
from conformance.wire import Wire

SERVICES: Final = (*CONTRACTS, DATABASE)


class Probe(Protocol):
    """What a check works with, and what tidies up after it."""

    async def clean(self) -> None:
        """Undo what the check may have left."""


P = TypeVar("P", bound=Probe)


@dataclass(frozen=True)
class Suite(Generic[P]):
    """The checks of one service."""

    service: str
    groups: tuple[Group[P], ...]
    words: Mapping[str, str]
    unknown_path: str
    probe: Callable[[Wire], P]
    prepare: Callable[[Wire], Awaitable[None]]

    def checks(self, only: frozenset[str] = frozenset()) -> list[Check[P]]:
        """Return the checks of this service, of some groups or of all."""
        return [
            check
            for group in self.groups
            for check in group.checks
            if self.service in check.services and (not only or group.name in only)
        ]

    def group_names(self) -> list[str]:
        """Return the groups that have a check of this service."""
        return list(dict.fromkeys(check.group for check in self.checks()))


def upstream_suite(service: str, needs: Needs) -> Suite[UpstreamProbe]:
    """Return the checks of inventory, payment or shipping."""
    contract = CONTRACTS[service]

    async def prepare(wire: Wire) -> None:
        if service == INVENTORY:
            await expect_stock_can_be_had(wire, needs.product)

    return Suite(
        service,
        UPSTREAM_GROUPS,
        contract.words(),
        contract.collection,
        lambda wire: UpstreamProbe(contract, wire, needs),
        prepare,
    )


def database_suite() -> Suite[DatabaseProbe]:
    """Return the checks of the database service."""

    async def prepare(_: Wire) -> None:
        """Nothing is needed."""

    return Suite(DATABASE, DATABASE_GROUPS, DATABASE_WORDS, "/orders", DatabaseProbe, prepare)


def suite_of(service: str, needs: Needs) -> Suite[UpstreamProbe] | Suite[DatabaseProbe]:
    """Return the checks of a service."""
    return database_suite() if service == DATABASE else upstream_suite(service, needs)
