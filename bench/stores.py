"""The stores that everybody is measured on, and the profiles that map them."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

import sources
from bench.documents import load_documents
from domain.ids import CUSTOMER, encode_id
from domain.records import RecordKind
from gateway.demo_data import Demo, load_rows
from gateway.embedded import EmbeddedStores

SEED = 7
_DEMO = Path(sources.__file__).parent / "profiles" / "demo.toml"
#: Where the demo's profile begins to tell of Mongo.
_MONGO_BEGINS = "\n[account]"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Be stores of so many *customers*, and *documents* in each collection, in *folder*."""

    folder: Path
    customers: int
    documents: int
    postgres_url: str
    mongo_url: str
    #: The servers that run for this: their CPU time counts as the stores'.
    pids: tuple[int, ...]

    def cpu(self) -> float:
        """Answer the seconds of CPU time that the stores' servers took so far."""
        return sum(cpu_of(pid) for pid in self.pids)

    def profile(self, *, mongo: bool) -> Path:
        """Write the demo's profile, with or without what is in Mongo."""
        text = _DEMO.read_text().replace("Europe/Copenhagen", "UTC")
        path = self.folder / ("with_mongo.toml" if mongo else "postgres_only.toml")
        path.write_text(text if mongo else text.partition(_MONGO_BEGINS)[0])
        return path

    def ids(self, count: int) -> list[str]:
        """Answer the ids of *count* customers, spread evenly."""
        keys = {1 + nth * self.customers // count for nth in range(count)}
        return [encode_id(CUSTOMER, None, str(key), RecordKind.CRM) for key in sorted(keys)]


@contextmanager
def loaded_stores(folder: Path, *, customers: int, documents: int, mongo_url: str | None = None) -> Iterator[Loaded]:
    """Run the embedded servers on *folder*, filled; *mongo_url* names another Mongo server instead of the embedded."""
    with EmbeddedStores(folder) as stores:
        database = f"bench_{customers}"
        url = stores.postgres.url.replace("/gateway?", f"/{database}?")
        asyncio.run(_load(stores.postgres.url, database, url, Demo(customers, SEED)))
        mongo = mongo_url or stores.mongo.url.removesuffix("gateway") + database
        load_documents(mongo, customers=customers, documents=documents, seed=SEED)
        pids = (stores.postgres.pid, None if mongo_url else stores.mongo.pid)
        yield Loaded(folder, customers, documents, url, mongo, tuple(pid for pid in pids if pid is not None))


async def _load(server: str, database: str, url: str, demo: Demo) -> None:
    connection = await asyncpg.connect(server)
    try:
        if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()
    await load_rows(url, demo, _tell)


def _tell(step: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{step}: {done} of {total}" + ("\n" if done == total else ""))


def cpu_of(pid: int) -> float:
    """Sum the CPU seconds of process *pid* and of those that it started, also of those that ended."""
    total = 0.0
    for process in _family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_of(pid: int) -> int:
    """Answer the resident bytes of the largest among process *pid* and those that it started: a worker's."""
    return int(max(process.memory_info().rss for process in _family(pid)))


def busiest(pid: int) -> int:
    """Find the process that worked most among *pid* and those that it started."""
    worked: psutil.Process = max(_family(pid), key=lambda process: sum(process.cpu_times()[:2]))
    return int(worked.pid)


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
