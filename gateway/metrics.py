"""What a gateway counts of itself, for Prometheus: docs/operating.md tells what each figure means.

No label holds anything of a person, and each has few values: operations by `OperationNames`, codes, loaders, stores.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

from gateway.operation_names import OperationNames
from gateway.posted import Counted, Posted
from gateway.replies import INTERNAL, Reply
from gateway.tallies import Spread, Tally
from schema.document_cache import CacheUse
from sources.meter import Meter
from sources.turns import Use

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
KEYS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
#: Of what was never run: refused, not read, not valid.
REFUSED = "refused"
#: Of those whose client went away before they were answered.
ABANDONED = "abandoned"
_OUTSIDE = "none"

Answer = Callable[[Posted], Awaitable[Reply]]


class Metrics(Collector):
    """Count requests, as they are answered; *caches* and *pools* are asked when somebody looks."""

    def __init__(self, names: OperationNames, caches: Callable[[], Mapping[str, CacheUse]]) -> None:
        self._names = names
        self._caches = caches
        #: Set while stores are open.
        self.pools: Callable[[], Mapping[str, Use]] = dict
        self._running = 0
        self._requests = Spread(
            "gateway_request_seconds", "Requests by operation, until answered", SECONDS, "operation"
        )
        self._paths = Tally("gateway_answers", "Operations by what answered them, and why", "path", "reason")
        self._errors = Tally("gateway_errors", "Errors that clients were told, by code", "code")
        self._statements = Tally("gateway_statements", "Statements by store and loader", "store", "loader")
        self._waited = Tally("gateway_statement_seconds", "Time spent waiting for statements", "store")
        self._batches = Spread("gateway_batch_keys", "Batches of loaders, by how many keys they have", KEYS, "loader")

    def counting(self, answer: Answer) -> Answer:
        """Count what *answer* does."""

        async def counted(posted: Posted) -> Reply:
            began = time.perf_counter()
            self._running += 1
            try:
                return await answer(posted)
            except Exception:
                posted.counted.codes.append(INTERNAL)
                raise
            finally:
                self._running -= 1
                if posted.connection is not None and posted.connection.is_gone:
                    self._requests.add(time.perf_counter() - began, ABANDONED)
                else:
                    self._add(posted.counted, time.perf_counter() - began)

        return counted

    def told(self, code: str) -> None:
        """Count an error that a client was told of its connection, outside of any request that could be read."""
        self._errors.add(1, code)

    def _add(self, count: Counted, seconds: float) -> None:
        for code in count.codes:
            self._errors.add(1, code)
        context = count.context
        if context is None or not count.was_run:
            self._requests.add(seconds, REFUSED)
        else:
            signed_in = context.access.viewer is not None
            self._requests.add(seconds, self._names.label(context.meter.operation, signed_in=signed_in))
            reason = context.not_compiled
            self._paths.add(1, "compiled" if reason is None else "graphql-core", reason or "")
        if context is not None:
            self._add_statements(context.meter)

    def _add_statements(self, meter: Meter) -> None:
        for loader, keys in meter.sizes:
            self._batches.add(keys, loader)
        for store, asked in meter.stores.items():
            if not asked.statements:
                continue
            self._waited.add(asked.seconds, store)
            for loader, statements in asked.asked.items():
                self._statements.add(statements, store, loader)
            if outside := asked.statements - asked.asked.total():
                self._statements.add(outside, store, _OUTSIDE)

    def collect(self) -> Iterator[Metric]:
        """Tell all of it, as the client library asks of its collectors."""
        for one in (self._requests, self._paths, self._errors, self._statements, self._waited, self._batches):
            yield one.family()
        running = GaugeMetricFamily("gateway_requests_running", "Requests that are under way")
        running.add_metric((), self._running)
        yield running
        yield from _pools(self.pools())
        yield from _caches(self._caches())


def _pools(pools: Mapping[str, Use]) -> Iterable[Metric]:
    size = GaugeMetricFamily("gateway_pool_size", "How many may ask a store at once", labels=("pool",))
    in_use = GaugeMetricFamily("gateway_pool_in_use", "How many ask a store right now", labels=("pool",))
    waiting = GaugeMetricFamily("gateway_pool_waiting", "How many wait until they may", labels=("pool",))
    for name, pool in pools.items():
        size.add_metric((name,), pool.size)
        in_use.add_metric((name,), pool.in_use)
        waiting.add_metric((name,), pool.waiting)
    return size, in_use, waiting


def _caches(caches: Mapping[str, CacheUse]) -> Iterable[Metric]:
    asked = CounterMetricFamily("gateway_cache_requests", "What was looked for in a cache", labels=("cache", "outcome"))
    kept = GaugeMetricFamily("gateway_cache_entries", "What a cache holds", labels=("cache",))
    for name, info in caches.items():
        asked.add_metric((name, "hit"), info.hits)
        asked.add_metric((name, "miss"), info.misses)
        kept.add_metric((name,), info.kept)
    return asked, kept
