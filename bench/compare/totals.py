"""What an orchestrator's cells come to, all together."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bench.compare.faults import CALM
from bench.compare.losses import Losses
from bench.compare.measure import Cell


@dataclass(frozen=True)
class Totals:
    """Over all faults that were measured; times in seconds, of orders that became final."""

    faults: int
    faults_without_loss: int
    orders: int
    confirmed: int
    losses: Losses
    calm_final_s: float
    """From creation to final status, the median where nothing fails."""
    longest_final_s: float
    """The same, the longest of all."""
    longest_healed_s: float
    """From a fault's end (or a kill) to the last order that became final after it."""

    @property
    def money_at_risk(self) -> Decimal:
        """Wrongly charged, never charged, or set aside and forgotten."""
        return self.losses.wrongly_charged + self.losses.unpaid + self.losses.set_aside


def totals(cells: Sequence[Cell]) -> Totals:
    """Add up the cells of one orchestrator."""
    outcomes = [cell.outcome for cell in cells if cell.outcome is not None]
    return Totals(
        faults=len(outcomes),
        faults_without_loss=sum(not outcome.violations for outcome in outcomes),
        orders=sum(outcome.placed for outcome in outcomes),
        confirmed=sum(outcome.confirmed for outcome in outcomes),
        losses=sum((outcome.losses for outcome in outcomes), Losses()),
        calm_final_s=statistics.median(_seconds(c for c in cells if c.fault.group == CALM) or [0]),
        longest_final_s=max(_seconds(cells), default=0.0),
        longest_healed_s=max((outcome.healed_after_s for outcome in outcomes), default=0.0),
    )


def _seconds(cells: Iterable[Cell]) -> list[float]:
    outcomes = (cell.outcome for cell in cells if cell.outcome is not None)
    return [seconds for outcome in outcomes for seconds in outcome.final_after_s]
