"""Tell what all workers count, whichever of them is asked.

Each tells its own on a socket in a folder that they share, and whoever is asked from outside asks the others. A worker
that was replaced begins anew at nothing, which Prometheus knows how to read, as every series says whose it is.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from domain.errors import GatewayError
from gateway.metrics import Metrics
from sources.own.background import background_of
from sources.own.store import OwnStore

#: The form in which `generate_latest` writes.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: How long another worker, or the store, may take: whoever collects metrics does not wait for long.
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Be where a worker stands: its *number*, and what it shares with the others, where it is not alone.

    In *folder* they find each other, at *listener* metrics are read.
    """

    number: int = 0
    folder: Path | None = None
    listener: socket.socket | None = None


ALONE = Place()


class Telling:
    """Tell what *metrics* counts at *place*, and what everybody counts."""

    def __init__(self, metrics: Metrics, place: Place) -> None:
        self._place = place
        of_process = ProcessCollector(registry=None), GCCollector(registry=CollectorRegistry())
        self._counts = _Numbered((metrics, *of_process), place.number)
        self._own: OwnStore | None = None

    @asynccontextmanager
    async def open(self, own: OwnStore | None) -> AsyncIterator[None]:
        """Answer the other workers, and know *own*, for as long as this is open."""
        self._own = own
        if self._place.folder is None:
            yield
            return
        # Whoever takes the place over takes this over as well, and so is the one that tells of it.
        server = await asyncio.start_unix_server(self._answer, self._place.folder / f"{self._place.number}.sock")
        try:
            yield
        finally:
            server.close()

    def _text(self) -> bytes:
        return generate_latest(self._counts)

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._text())
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    async def everything(self) -> bytes:
        """Tell what every worker counts, and what stands of the work in the background."""
        folder = self._place.folder
        if folder is None:
            told = [self._text()]
        else:
            told = await asyncio.gather(*(_ask(path) for path in sorted(folder.glob("*.sock"))))
        return merged([*told, generate_latest(_Given(await self._shared(sum(map(bool, told)))))])

    async def _shared(self, workers: int) -> list[Metric]:
        answering = GaugeMetricFamily("gateway_workers", "Workers that told what they count")
        answering.add_metric((), workers)
        if self._own is None:
            return [answering]
        try:
            async with asyncio.timeout(_SECONDS):
                found = await background_of(self._own)
        except (GatewayError, TimeoutError):
            return [answering]
        age = GaugeMetricFamily("gateway_index_age_seconds", "Since the last whole pass of the index began")
        if found.index_age is not None:
            age.add_metric((), found.index_age.total_seconds())
        unfinished = GaugeMetricFamily("gateway_operations_unfinished", "Operations that somebody is to carry on")
        unfinished.add_metric((), found.unfinished)
        oldest = GaugeMetricFamily("gateway_operations_oldest_seconds", "Since the oldest of them was begun")
        oldest.add_metric((), found.oldest.total_seconds())
        return [answering, age, unfinished, oldest]


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class _Numbered(Collector):
    """Say of everything that *collectors* tell which worker it is of."""

    def __init__(self, collectors: Iterable[Collector], number: int) -> None:
        self._collectors = collectors
        self._number = str(number)

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            for metric in collector.collect():
                metric.samples = [one._replace(labels={**one.labels, "worker": self._number}) for one in metric.samples]
                yield metric


async def _ask(path: Path) -> bytes:
    """Ask a worker for what it counts; nothing where it does not answer."""
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                return await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


def merged(told: Iterable[bytes]) -> bytes:
    """Put together what several tell, each metric once, with the samples of all."""
    heads: dict[str, str] = {}
    samples: dict[str, list[str]] = {}
    for text in told:
        for family in re.split(r"^(?=# HELP )", text.decode(), flags=re.MULTILINE):
            if not family:
                continue
            head, kind, *lines = family.splitlines()
            name = head.split(" ", 3)[2]
            heads.setdefault(name, f"{head}\n{kind}\n")
            samples.setdefault(name, []).extend(lines)
    return "".join(head + "".join(f"{line}\n" for line in samples[name]) for name, head in heads.items()).encode()
