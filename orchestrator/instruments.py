"""Counters and histograms for one thread: nothing is locked, and a label is a key of a dict.

prometheus_client's own take a lock for every number they change, and an order changes forty. These
are read by it when /metrics is asked for, on the same event loop.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


class LabelledCounter(Collector):
    """So much of each; `labels` are given in the order of `names`."""

    def __init__(self, name: str, text: str, names: Sequence[str]) -> None:
        self._name = name
        self._text = text
        self._names = names
        self._values: dict[Labels, float] = {}

    def add(self, labels: Labels, amount: float = 1) -> None:
        """Count."""
        values = self._values
        values[labels] = values.get(labels, 0) + amount

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        family = CounterMetricFamily(self._name, self._text, labels=self._names)
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        yield family


class LabelledHistogram(Collector):
    """How often up to each of `bounds`, which ascend."""

    def __init__(
        self, name: str, text: str, names: Sequence[str], *, bounds: Sequence[float]
    ) -> None:
        self._name = name
        self._text = text
        self._names = names
        self._bounds = bounds
        self._told = [*map(floatToGoString, bounds), "+Inf"]
        self._series: dict[Labels, list[float]] = {}
        """Of each: how many in every bucket, and behind them the sum."""

    def observe(self, labels: Labels, value: float) -> None:
        """Count `value` into its bucket."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = [0.0] * (len(self._told) + 1)
        series[bisect_left(self._bounds, value)] += 1
        series[-1] += value

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._names)
        for labels, (*counts, total) in self._series.items():
            buckets = list(zip(self._told, accumulate(counts), strict=True))
            family.add_metric(labels, buckets, total)
        yield family
