"""Count what a request asks of each store: statements, milliseconds, batches by loader."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

#: Those that clients are told of.
_STORES = ("postgres", "mongo")


@dataclass(slots=True)
class StoreMeter:
    statements: int = 0
    seconds: float = 0.0
    #: It did not answer in time, so this request asks it no more.
    gave_up: bool = False
    #: The statements within batches of a loader, by its name; the others are the rest of *statements*.
    asked: Counter[str] = field(default_factory=Counter)
    #: The numbers of the batches that asked this store, by the name of their loader.
    batches: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass(slots=True)
class Meter:
    """Be what one request has asked so far; *started* counts the batches of each loader."""

    stores: dict[str, StoreMeter] = field(default_factory=lambda: defaultdict(StoreMeter))
    started: dict[str, int] = field(default_factory=dict)
    #: The loader of each batch, and how many keys it had.
    sizes: list[tuple[str, int]] = field(default_factory=list)
    #: The name of the operation, once its document was validated; of one without a name it is empty.
    operation: str = ""
    #: Whoever waits for a statement right now.
    waiting: set[asyncio.Task[Any]] = field(default_factory=set)

    def cancel(self) -> None:
        """End all statements that are under way; the driver tells the server."""
        for task in tuple(self.waiting):
            task.cancel()

    def explain(self) -> dict[str, object]:
        """Report, by store: statements, the milliseconds spent waiting for them (summed), batches by loader."""
        return {
            name: {
                "statements": store.statements,
                "milliseconds": round(store.seconds * 1000, 3),
                "batches": {loader: len(numbers) for loader, numbers in sorted(store.batches.items())},
            }
            for name, store in ((name, self.stores[name]) for name in _STORES)
        }


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)
_batch: ContextVar[tuple[str, int] | None] = ContextVar("batch", default=None)


class metered:  # noqa: N801 - used like a function
    """Count into *meter* whatever is asked within."""

    __slots__ = ("_meter", "_token")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def __enter__(self) -> Meter:
        self._token = _meter.set(self._meter)
        return self._meter

    def __exit__(self, *_: object) -> None:
        _meter.reset(self._token)


def metering() -> Meter | None:
    """Be what counts what is asked here; None where nobody counts."""
    return _meter.get()


@contextmanager
def batch(loader: str, keys: int) -> Iterator[None]:
    """Count the statements within as one batch of *loader*, for so many *keys*."""
    meter = _meter.get()
    number = 0
    if meter is not None:
        number = meter.started[loader] = meter.started.get(loader, 0) + 1
        meter.sizes.append((loader, keys))
    token = _batch.set((loader, number))
    try:
        yield
    finally:
        _batch.reset(token)


def give_up(store: str) -> None:
    """Ask *store* no more in this request: it did not answer in time, and would cost as much again at every level."""
    if (meter := _meter.get()) is not None:
        meter.stores[store].gave_up = True


def gave_up(store: str) -> bool:
    meter = _meter.get()
    return meter is not None and meter.stores[store].gave_up


def answered(store: str, loader: str, statements: int, keys: int) -> None:
    """Count a batch of *loader*, for so many *keys*, whose *statements* were sent to *store* along with another."""
    meter = _meter.get()
    if meter is None:
        return
    number = meter.started[loader] = meter.started.get(loader, 0) + 1
    meter.sizes.append((loader, keys))
    counts = meter.stores[store]
    counts.statements += statements
    counts.asked[loader] += statements
    counts.batches[loader].add(number)


def count(store: str) -> None:
    """Count one statement to *store* that was sent with others."""
    meter = _meter.get()
    if meter is not None:
        _count(meter.stores[store])


def _count(counts: StoreMeter) -> None:
    counts.statements += 1
    within = _batch.get()
    if within is not None:
        counts.asked[within[0]] += 1
        counts.batches[within[0]].add(within[1])


class statement:  # noqa: N801 - used like a function
    """Count one statement to *store*, and the time until it is answered.

    Where it is *shared*, it may turn out to be none of its own: whoever waits counts it by `count` then.
    """

    __slots__ = ("_began", "_counts", "_is_shared", "_meter", "_store", "_task")

    def __init__(self, store: str, *, shared: bool = False) -> None:
        self._store = store
        self._is_shared = shared
        self._meter: Meter | None = None

    def __enter__(self) -> None:
        meter = self._meter = _meter.get()
        if meter is None:
            return
        counts = self._counts = meter.stores[self._store]
        if not self._is_shared:
            _count(counts)
        task = self._task = asyncio.current_task()
        if task is not None:
            meter.waiting.add(task)
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        meter = self._meter
        if meter is not None:
            if self._task is not None:
                meter.waiting.discard(self._task)
            self._counts.seconds += time.perf_counter() - self._began
