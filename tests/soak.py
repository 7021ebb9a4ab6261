"""Load a gateway for minutes, and look whether anything of it keeps growing: memory, open files, tasks, connections.

    python -m tests.soak [--seconds 600] [--clients 24]

It runs as `serve` does, a process of its own over stores of its own; the end is a table, and status 1 where it grew.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from gateway.demo_data import load_demo
from gateway.settings import Settings
from tests.load import Load, client, load_of, prime
from tests.loading import indexed, make_database, mongo_url
from tests.running import secured
from tests.servers import Servers, shared_servers
from tests.serving import Served, serving

#: What is not looked at: caches fill, pools open, the allocator finds its size.
WARM_UP = 0.3
#: More than the medians of a process at rest differ by, in either unit.
SLACK, SLACK_MEGABYTES = 0.03, 4.0
_SAMPLES = 60
_WAITS = 600
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Be what a process holds at a time: *memory* in megabytes, *postgres* and *mongo* in connections.

    *cpu* are the seconds that it has worked so far.
    """

    at: float
    cpu: float
    requests: int
    memory: float
    files: int
    threads: int
    tasks: int
    objects: int
    postgres: int
    mongo: int


@dataclass(frozen=True, slots=True)
class Soaked:
    """Be what came of a load: a sample before it, those during it, and one when all clients had gone."""

    before: Sample
    during: Sequence[Sample]
    after: Sample
    load: Load


async def soak(servers: Servers, folder: Path, *, seconds: float, clients: int, customers: int = 500) -> Soaked:
    """Load a gateway over stores of *customers* for *seconds*."""
    settings = await _stores(servers, customers)
    async with serving(settings, folder, watched=True) as served:
        watch = await asyncpg.connect(str(settings.postgres_url).replace("+asyncpg", ""))
        try:
            return await _loaded(served, watch, seconds, clients)
        finally:
            await watch.close()


async def _stores(servers: Servers, customers: int) -> Settings:
    postgres, mongo = await make_database(servers, "soak"), mongo_url(servers, "soak")
    await load_demo(postgres, mongo, customers=customers, seed=7)
    # How long a store and a request may take has tests of its own, and this machine may be busy.
    patient = {"store_timeout": 120.0, "count_seconds": 120.0, "request_seconds": 300.0}
    settings = secured(profile="demo", postgres_url=postgres, mongo_url=mongo, index_seconds=10.0, **patient)
    return await indexed(settings)


async def _loaded(served: Served, watch: asyncpg.Connection, seconds: float, clients: int) -> Soaked:
    load = load_of(served)
    # What is made once for all of the process' time is made before it is looked at.
    await prime(load)
    began = time.monotonic()
    before = await _sample(served, watch, load, began)
    ended = asyncio.Event()
    during = []
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(load, number, ended))
        while time.monotonic() - began < seconds:
            await asyncio.sleep(max(1.0, seconds / _SAMPLES))
            during.append(await _sample(served, watch, load, began))
            if sys.stdout.isatty():
                print(f"\r{time.monotonic() - began:.0f} of {seconds:.0f} s", end="", file=sys.stderr)
        ended.set()
    return Soaked(before, during, await _at_rest(served, watch, load, began, before), load)


async def _at_rest(served: Served, watch: asyncpg.Connection, load: Load, began: float, before: Sample) -> Sample:
    """Wait until nothing is under way any more, and look again."""
    for _ in range(_WAITS):
        sample = await _sample(served, watch, load, began)
        if sample.tasks <= before.tasks:
            break
        await asyncio.sleep(0.1)
    return sample


async def _sample(served: Served, watch: asyncpg.Connection, load: Load, began: float) -> Sample:
    postgres = await watch.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    port = str(served.settings.mongo_url).partition("://")[2].partition(":")[2].partition("/")[0]
    connections = await asyncio.to_thread(served.process.net_connections, "tcp")
    mongo = sum(bool(each.raddr) and str(each.raddr.port) == port for each in connections)
    held = await served.inside()
    memory = served.process.memory_info().rss / _MEGABYTE
    files, threads = served.process.num_fds(), served.process.num_threads()
    at, times = time.monotonic() - began, served.process.cpu_times()
    return Sample(
        at, times.user + times.system, load.requests, memory, files, threads, held.tasks, held.objects, postgres, mongo
    )


def faults(soaked: Soaked) -> list[str]:
    """Say what was answered wrongly, and what is left behind by clients that have all gone."""
    before, after = soaked.before, soaked.after
    # Pools keep what they have opened.
    pools = max(0, after.postgres + after.mongo - before.postgres - before.mongo)
    held = (("tasks", before.tasks, after.tasks), ("open files", before.files + pools + 2, after.files))
    wrong = [f"a wrong answer: {each}" for each in soaked.load.broken[:10]]
    return wrong + [f"{name}: {now}, where there should be {then} at most" for name, then, now in held if now > then]


def growth(memory: Sequence[float]) -> str:
    """Say that *memory* keeps growing after its warm-up; nothing where it does not.

    What is left of it is cut into three: it keeps growing where each has a higher median than the one before, and the
    last is higher than the first by more than a process at rest differs by.
    """
    rest = memory[int(len(memory) * WARM_UP) :]
    size = len(rest) // 3
    if not size:
        return ""
    first, middle, last = (statistics.median(rest[size * part : size * (part + 1)]) for part in range(3))
    grown = last - first
    if not (first < middle < last and grown > max(first * SLACK, SLACK_MEGABYTES)):
        return ""
    return f"memory keeps growing: {first:.1f}, then {middle:.1f}, then {last:.1f} MB"


def table(soaked: Soaked, rows: int = 20) -> str:
    """Write what was seen, in so many *rows*, and what was answered."""
    shown = [soaked.before, *soaked.during[:: max(1, len(soaked.during) // rows)], soaked.during[-1], soaked.after]
    heads = ("seconds", "cpu", "requests", "MB", "files", "threads", "tasks", "objects", "postgres", "mongo")
    lines = [" ".join(f"{head:>9}" for head in heads)]
    for one in shown:
        cells = (one.files, one.threads, one.tasks, one.objects, one.postgres, one.mongo)
        lines.append(
            " ".join(
                [
                    f"{one.at:9.0f}",
                    f"{one.cpu:9.0f}",
                    f"{one.requests:9}",
                    f"{one.memory:9.1f}",
                    *(f"{cell:9}" for cell in cells),
                ]
            )
        )
    load = soaked.load
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(load.answered.items()))
    return "\n".join([*lines, f"answers by status: {statuses}; went away in the middle: {load.left}", f"{load.codes}"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Load a gateway, and look whether anything of it keeps growing.")
    parser.add_argument("--seconds", type=float, default=600, metavar="N", help="for how long (600)")
    parser.add_argument("--clients", type=int, default=24, metavar="N", help="how many ask at once (24)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gateway-soak-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the embedded PostgreSQL runs as a user of its own
        with shared_servers(folder / "stores") as servers:
            soaked = asyncio.run(soak(servers, folder, seconds=given.seconds, clients=given.clients))
    print(table(soaked))
    found = [each for each in (*faults(soaked), growth([one.memory for one in soaked.during])) if each]
    print("\n".join(found) or "Nothing keeps growing.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
