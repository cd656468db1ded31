"""What was measured: every round of every figure, kept as it came; and what became of it."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

Rounds = list[float]
"""One figure, measured once a round."""

Rows = dict[str, dict[str, Rounds]]
"""By label of the row and name of the column."""


@dataclass
class Results:
    """All tables of a run, by name; `about` is where and how they came about."""

    about: dict[str, Any]
    tables: dict[str, Rows] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    """What could not be measured because an answer was wrong."""
    skipped: list[str] = field(default_factory=list)
    """What was not here to be measured."""

    def add(self, table: str, row: str, figures: Mapping[str, float]) -> None:
        """Keep the figures of one round."""
        columns = self.tables.setdefault(table, {}).setdefault(row, {})
        for column, value in figures.items():
            columns.setdefault(column, []).append(value)

    def median(self, table: str, row: str, column: str) -> float | None:
        """The middle one of the rounds; None when it was not measured."""
        rounds = self.tables.get(table, {}).get(row, {}).get(column)
        return statistics.median(rounds) if rounds else None

    def write(self, path: Path) -> None:
        """As JSON, with as many digits as a figure can have meaning."""
        text = json.dumps(_rounded(vars(self)), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` has written."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def _rounded(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_rounded(member) for member in value]
    return value
