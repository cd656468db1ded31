"""An order's timeline as a table: what was tried, how often, what came of it, what was undone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from demo.screen import Cell, Screen, Style

_WORDS: Final = {
    "reserve": "reserve the stock",
    "authorize": "set the money aside",
    "ship": "create the shipment",
    "capture": "take the money",
    "commit": "commit the stock",
    "release": "put the stock back",
    "refund": "give the money back",
    "cancel": "cancel the shipment",
}

_STYLES: Final[Mapping[str, Style]] = {
    "done": "green",
    "rejected": "red",
    "unknown": "yellow",
    "unsent": "yellow",
}


def show_timeline(screen: Screen, order: Mapping[str, Any]) -> None:
    """Print it, the times counted from when the order was created."""
    start = datetime.fromisoformat(order["createdAt"])
    rows = [_row(entry, start) for entry in order["timeline"]]
    screen.table(("at", "step", "tries", "outcome", "took", ""), rows, right="at tries took")


def _row(entry: Mapping[str, Any], start: datetime) -> list[Cell]:
    after_s = (datetime.fromisoformat(entry["at"]) - start).total_seconds()
    # Two clocks, the storage's and the replica's, may differ by a moment.
    at: Cell = (f"{max(after_s, 0.0):.3f} s", "dim")
    if entry["kind"] == "event":
        return [at, (f"· {entry['note']}", "yellow")]
    words = _WORDS.get(entry["operation"], entry["operation"])
    step: Cell = (f"↩ {words}", "yellow") if entry["kind"] == "undo" else f"→ {words}"
    outcome: Cell = (entry["outcome"], _STYLES.get(entry["outcome"], "plain"))
    took = f"{entry['ms']:,.0f} ms"
    return [at, step, str(entry["attempts"]), outcome, took, (_remark(entry), "dim")]


def _remark(entry: Mapping[str, Any]) -> str:
    if error := entry.get("error"):
        return f"{error['status']} {error['code']}" if error.get("status") else error["detail"]
    if entry["attempts"] > 1:
        return "asked again, with the same key"
    return ""
