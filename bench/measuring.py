"""Load servers with wrk, in rounds that take turns, and tell what each took."""

import json
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.queries import Query
from bench.servers import Server, settle
from bench.stores import Loaded, cpu_of, memory_of

_SCRIPT = Path(__file__).with_name("ask.lua")
_IDS = 10_000
_WARM_SECONDS, _WARM_CONNECTIONS = 2.0, 8
_MEGABYTE = 1 << 20
#: So many answers a connection, at least, are worth a figure, but not more seconds than these.
_EACH, _LONGEST = 2, 16.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Be what one round showed: *rate* in requests a second, times in milliseconds, CPU in milliseconds a request."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    stores_cpu: float
    bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """Be the medians of the rounds of *server* at *query* with so many *connections*, and the *memory* at their end."""

    query: str
    connections: int
    server: str
    sample: Sample
    memory: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Say how long, with how many connections, and how often is measured."""

    seconds: float
    rounds: int
    connections: Sequence[int]


def write_bodies(query: Query, stores: Loaded, only: Sequence[str] | None = None) -> Path:
    """Write the requests of *query*, one on a line: for many customers where it is for one, or for *only* these."""
    ids: Sequence[str | None] = only or (stores.ids(min(_IDS, stores.customers)) if query.ids else [None])
    path = stores.folder / f"{query.name}.jsonl"
    path.write_text("".join(json.dumps(query.body(id_)) + "\n" for id_ in ids))
    return path


def measure(
    query: Query, servers: Sequence[Server], stores: Loaded, plan: Plan, tell: Callable[[str], None]
) -> list[Figure]:
    """Measure *servers* at *query*: each is warmed first, where time matters, then they take turns."""
    bodies, figures = write_bodies(query, stores), []
    for server in servers if plan.seconds >= _WARM_SECONDS else ():
        load(server, query, bodies, stores, seconds=_WARM_SECONDS, connections=_WARM_CONNECTIONS)
    for connections in plan.connections:
        samples: dict[str, list[Sample]] = {server.name: [] for server in servers}
        for turn in range(plan.rounds):
            for server in (*servers[turn % len(servers) :], *servers[: turn % len(servers)]):
                settle()
                sample = load(server, query, bodies, stores, seconds=plan.seconds, connections=connections)
                samples[server.name].append(sample)
        for server in servers:
            median = _median(samples[server.name])
            figure = Figure(query.name, connections, server.name, median, memory_of(server.pid) / _MEGABYTE)
            figures.append(figure)
            tell(
                f"{query.name} at {connections:>2}  {server.name:<10} {median.rate:8.1f}/s"
                f"  p50 {median.p50:7.2f}  p99 {median.p99:7.2f}  CPU {median.server_cpu:6.2f} ms,"
                f" stores {median.stores_cpu:6.2f} ms  {figure.memory:4.0f} MB"
            )
    return figures


def load(server: Server, query: Query, bodies: Path, stores: Loaded, *, seconds: float, connections: int) -> Sample:
    """Load *server* for *seconds*, for longer where it answers few in that time: those under way do not count.

    Raises RuntimeError where a request fails.
    """
    before = cpu_of(server.pid), stores.cpu()
    headers = [f"{name}={value}" for name, value in server.headers.items()]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "120s"]
    done = subprocess.run(  # noqa: S603 - our own command line
        [*command, "-s", str(_SCRIPT), server.url(query), "--", str(bodies), *headers],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    after = cpu_of(server.pid), stores.cpu()
    found = json.loads(done.stdout.strip().splitlines()[-1])
    requests = found["requests"]
    if found["failed"]:
        raise RuntimeError(f"{server.name} failed {found['failed']} of {requests} requests of {query.name}")
    if requests < connections * _EACH and (seconds < _LONGEST or not requests):
        return load(server, query, bodies, stores, seconds=2 * max(1, seconds), connections=connections)
    took = [(later - earlier) * 1000 / requests for earlier, later in zip(before, after, strict=True)]
    return Sample(
        rate=requests * 1e6 / found["microseconds"],
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        server_cpu=took[0],
        stores_cpu=took[1],
        bytes=found["bytes"] / requests,
    )


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(*(statistics.median(values) for values in zip(*map(_values, samples), strict=True)))


def _values(sample: Sample) -> tuple[float, ...]:
    return (sample.rate, sample.p50, sample.p99, sample.server_cpu, sample.stores_cpu, sample.bytes)
