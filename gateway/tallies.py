"""Counts by labels, cheap enough for every request: a dictionary each, read only when somebody looks.

The client library's own counters take a lock at every step and look their labels up anew; a request makes some dozens.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

Labels = tuple[str, ...]


class Tally:
    """Count something by *labels*; whatever is counted is *named* and *told* as Prometheus has it."""

    def __init__(self, named: str, told: str, *labels: str) -> None:
        self._named, self._told, self._labels = named, told, labels
        self._counts: dict[Labels, float] = {}

    def add(self, amount: float, *values: str) -> None:
        self._counts[values] = self._counts.get(values, 0.0) + amount

    @property
    def counts(self) -> Mapping[Labels, float]:
        return self._counts

    def family(self) -> CounterMetricFamily:
        family = CounterMetricFamily(self._named, self._told, labels=self._labels)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        return family


class Spread:
    """Count how large something is, by *labels*, in cells that end at *bounds*."""

    def __init__(self, named: str, told: str, bounds: Sequence[float], *labels: str) -> None:
        self._named, self._told, self._labels = named, told, labels
        self._bounds = tuple(bounds)
        #: A count for each bound, one for what is beyond the last, and the sum.
        self._cells: dict[Labels, list[float]] = {}

    def add(self, size: float, *values: str) -> None:
        cells = self._cells.get(values)
        if cells is None:
            cells = self._cells[values] = [0.0] * (len(self._bounds) + 2)
        cells[bisect_left(self._bounds, size)] += 1
        cells[-1] += size

    def family(self) -> HistogramMetricFamily:
        family = HistogramMetricFamily(self._named, self._told, labels=self._labels)
        for values, (*counts, total) in self._cells.items():
            below = 0.0
            buckets = []
            for bound, count in zip((*map(str, self._bounds), "+Inf"), counts, strict=True):
                below += count
                buckets.append((bound, below))
            family.add_metric(values, buckets, sum_value=total)
        return family
