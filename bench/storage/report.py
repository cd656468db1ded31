"""The costs as a Markdown table: a row for each operation and engine, a column for each size."""

from collections.abc import Iterator, Mapping, Sequence

from bench.storage.measure import Cost

Costs = Mapping[tuple[str, int], Sequence[Cost]]
"""By engine and number of orders."""


def tables(costs: Costs) -> str:
    """Return one table per engine."""
    engines = dict.fromkeys(engine for engine, _ in costs)
    return "\n\n".join("\n".join(_table(engine, costs)) for engine in engines) + "\n"


def _table(engine: str, costs: Costs) -> Iterator[str]:
    sizes = [size for each, size in costs if each == engine]
    yield f"### {engine}"
    yield ""
    yield "| operation | " + " | ".join(f"{size:,} orders" for size in sizes) + " |"
    yield "| --- |" + " --- |" * len(sizes)
    for row in zip(*(costs[engine, size] for size in sizes), strict=True):
        yield f"| {row[0].name} | " + " | ".join(map(_cell, row)) + " |"


def _cell(cost: Cost) -> str:
    cpu = f"{cost.service_cpu_us:.0f}"
    if cost.server_cpu_us:
        cpu += f" + {cost.server_cpu_us:.0f}"
    return f"{cpu} µs · {cost.per_s:,.0f}/s · {cost.median_us / 1000:.1f} ms"
