"""Tell what grows with the stores: the same questions over more customers, and over customers that have more."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.machine import describe
from bench.measuring import load, write_bodies
from bench.queries import QUERIES, Query
from bench.servers import GATEWAY, Server, running
from bench.stores import Loaded, loaded_stores
from domain.ids import CUSTOMER, encode_id
from domain.records import RecordKind

_PAGES = ("Q1", "Q2", "Q3", "Q5")
_LEADS = (10, 10_000)
#: Whoever has them: newer than all others, and so on the first page.
_OWNER = 2_000_000_000
_WARM_SECONDS = 2.0
_ROUNDS = 3
#: Seconds after which a process of PostgreSQL that rests has told what it counted.
_REPORTED = 11.0
_ASKED = 20
#: Rows and pages of the tables and indexes that statements read.
_READ = """
    SELECT (SELECT sum(idx_tup_fetch + seq_tup_read) FROM pg_stat_user_tables),
        (SELECT sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read) FROM pg_statio_user_tables)
"""


@dataclass(frozen=True, slots=True)
class Grown:
    """Be what a request takes: *p50* in milliseconds, CPU likewise, *rows* and *pages* that its statements read."""

    what: str
    query: str
    p50: float
    server_cpu: float
    stores_cpu: float
    rows: float
    pages: float


def write_growth(folder: Path, sizes: Sequence[int], output: Path, *, seconds: float) -> None:
    """Measure stores of each of *sizes*, one request at a time, and write into *output* what grew."""
    found: list[Grown] = []
    for size in sizes:
        with loaded_stores(folder, customers=size, documents=0) as stores:
            with running([GATEWAY], stores, mongo=False) as [server]:
                found += [
                    _measure(f"{size:,} customers", server, QUERIES[name], stores, seconds=seconds) for name in _PAGES
                ]
            if size == sorted(sizes)[len(sizes) // 2]:
                found += _with_many_leads(stores, seconds)
    output.mkdir(parents=True, exist_ok=True)
    (output / "growth.md").write_text(_told(found, sizes))
    sys.stdout.write(f"Written: {output / 'growth.md'}\n")


def _with_many_leads(stores: Loaded, seconds: float) -> list[Grown]:
    """Measure the page and the profile of one customer with few and with very many leads."""
    found = []
    for leads in _LEADS:
        asyncio.run(_give(stores.postgres_url, leads))
        try:
            with running([GATEWAY], stores, mongo=False) as [server]:
                one = encode_id(CUSTOMER, None, str(_OWNER), RecordKind.CRM)
                for name, id_ in (("Q2", None), ("Q3", one)):
                    what = f"one with {leads:,} leads"
                    found.append(_measure(what, server, QUERIES[name], stores, seconds=seconds, id_=id_))
        finally:
            asyncio.run(_take(stores.postgres_url))
    return found


def _measure(
    what: str, server: Server, query: Query, stores: Loaded, *, seconds: float, id_: str | None = None
) -> Grown:
    bodies = write_bodies(query, stores, [id_] if id_ else None)
    load(server, query, bodies, stores, seconds=_WARM_SECONDS, connections=1)
    samples = [load(server, query, bodies, stores, seconds=seconds, connections=1) for _ in range(_ROUNDS)]
    best = sorted(samples, key=lambda sample: sample.p50)[len(samples) // 2]
    rows, pages = asyncio.run(_statement_cost(server, query, stores, id_))
    found = Grown(what, query.name, best.p50, best.server_cpu, best.stores_cpu, rows, pages)
    sys.stdout.write(f"{what:>20} {query.name}  p50 {best.p50:.2f} ms, {rows:.0f} rows, {pages:.0f} pages\n")
    return found


async def _statement_cost(server: Server, query: Query, stores: Loaded, id_: str | None) -> tuple[float, float]:
    """Count the rows and pages that one request reads, from PostgreSQL's own counters."""
    ids: Sequence[str | None] = stores.ids(_ASKED) if query.ids and not id_ else [id_] * _ASKED
    connection = await asyncpg.connect(stores.postgres_url)
    try:
        before = await _counters(connection)
        for one in ids:
            await asyncio.to_thread(server.ask, query, one)
        after = await _counters(connection)
    finally:
        await connection.close()
    return (after[0] - before[0]) / len(ids), (after[1] - before[1]) / len(ids)


async def _counters(connection: asyncpg.Connection) -> tuple[float, float]:
    """Read the counters once they stand still: each of the server's processes reports its own when it has rested."""
    await asyncio.sleep(_REPORTED)
    rows, pages = await connection.fetchrow(_READ)
    return float(rows), float(pages)


async def _give(url: str, leads: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"""
            INSERT INTO customers (id, name, email, phone, created_at)
                VALUES ({_OWNER}, 'Many Leads', 'many@leads.example', '+4510000000', '2026-12-31Z');
            INSERT INTO leads (id, customer_id, status, created_at, updated_at)
                SELECT {_OWNER} + n, {_OWNER}, 'new', timestamptz '2026-11-01Z' + n * interval '1 second', now()
                FROM generate_series(1, {leads}) AS n;
            """
        )
        await connection.execute("VACUUM ANALYZE customers, leads")
    finally:
        await connection.close()


async def _take(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"DELETE FROM leads WHERE customer_id = {_OWNER}; DELETE FROM customers WHERE id = {_OWNER}"
        )
        await connection.execute("VACUUM ANALYZE customers, leads")
    finally:
        await connection.close()


def _told(found: Sequence[Grown], sizes: Sequence[int]) -> str:
    machine = describe(None)
    lines = [
        "# What grows",
        "",
        f"Written by `make bench-growth`, {machine.day}, on {machine.cores} cores, {machine.cpu}.",
        "One request at a time; the customers with so many leads are the first of the page, in a store of",
        f"{sorted(sizes)[len(sizes) // 2]:,}. Rows and pages are what one request's statements read in PostgreSQL.",
        "",
        "| stores | question | p50 ms | to the first | server CPU ms | stores' CPU ms | rows | pages |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    first: dict[tuple[bool, str], float] = {}
    for one in found:
        key = ("leads" in one.what, one.query)
        base = first.setdefault(key, one.p50)
        lines.append(
            f"| {one.what} | {one.query} | {one.p50:.2f} | {one.p50 / base:.2f} | {one.server_cpu:.2f} |"
            f" {one.stores_cpu:.2f} | {one.rows:.0f} | {one.pages:.0f} |"
        )
    return "\n".join(lines) + "\n"
