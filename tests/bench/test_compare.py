"""The comparison with real processes, in small: two faults, this service and the tutorial's."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bench.compare.faults import FAULTS, Fault
from bench.compare.measure import Cell, play
from bench.compare.orchestrators import OURS, TUTORIAL
from bench.compare.site import Site
from testbed.stack import UPSTREAMS, Stack

CALM = {"UPSTREAM_TIMEOUT_S": "6", "ORDER_DEADLINE_S": "14", "LEASE_S": "21"}
"""No fault here is one of time: a busy machine shall not add one."""

Cells = dict[tuple[str, str], Cell]


def fault(title: str) -> Fault:
    """The first of that title."""
    return next(fault for fault in FAULTS if fault.title == title)


@pytest.fixture(scope="module")
def cells() -> Cells:
    """Play both faults on both, one after the other, over the same upstreams."""
    found = {}
    with Stack(replicas=(), proxied=UPSTREAMS) as stack:
        for orchestrator in (OURS, TUTORIAL):
            calm = replace(orchestrator, settings={**orchestrator.settings, **CALM})
            with Site(stack, calm, replicas=("a",)) as site:
                for title in ("nothing fails", "authorize"):
                    name = f"{title}-{orchestrator.name}".replace(" ", "-")
                    found[title, orchestrator.name] = play(site, fault(title), name)
    return found


@pytest.mark.parametrize("name", [OURS.name, TUTORIAL.name])
def test_works_when_nothing_fails(cells: Cells, name: str) -> None:
    """Every order is confirmed, and the auditor finds nothing."""
    cell = cells["nothing fails", name]

    assert ("✓", (3, 3)) == (
        cell.text,
        cell.outcome and (cell.outcome.placed, cell.outcome.confirmed),
    )


def test_we_lose_nothing(cells: Cells) -> None:
    """Where the answers of authorize are lost, no money is."""
    assert "✓" == cells["authorize", OURS.name].text


def test_tutorial_loses_money(cells: Cells) -> None:
    """A new id at every try: eight tries of four orders, and what each set aside stays so."""
    outcome = cells["authorize", TUTORIAL.name].outcome

    assert outcome is not None
    assert 8 * Decimal("499.00") == outcome.losses.set_aside
