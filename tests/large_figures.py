"""Measure profiles, pages and dashboards on a million customers: statements, their plans, and how long they take.

    python -m tests.large_figures FOLDER [--customers 1000000] [--keep]

FOLDER holds the servers' data, 40 GB at the most, and is emptied again unless --keep says otherwise; then a second run
begins at once.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

import gateway.demo_data
from domain.ids import encode_id
from domain.records import RecordKind
from gateway.embedded import EmbeddedStores
from gateway.garbage import seldom_collected
from gateway.settings import Settings
from sources.postgres_connection import PostgresConnection
from sources.query_plans import accesses
from tests.loading import make_database, mongo_url, run_sql
from tests.running import Gateway, running
from tests.sent import Sent, plan_of, recorded

SQL = Path(gateway.demo_data.__file__).parent
_ROOM = 40 << 30
#: Five leads and three bookings for each customer, over four years, and an accepted offer for every other booking.
ROWS = """
SET synchronous_commit = off;
INSERT INTO customers (id, name, email, phone, status, source, area, created_at, last_contact_at)
    SELECT n, 'Customer ' || n, n || '@large.example', '+45' || 20000000 + n,
        (ARRAY['active', 'active', 'inactive', 'paused'])[1 + n % 4], (ARRAY['web', 'voice', 'whatsapp'])[1 + n % 3],
        'Area ' || n % 20, timestamptz '2022-12-01Z' + n::float8 / {n} * interval '1461 days', NULL
    FROM generate_series(1, {n}::bigint) AS n;
INSERT INTO leads (id, customer_id, status, source, created_at, updated_at)
    SELECT n, 1 + (n * 7919) % {n}, (ARRAY['new', 'contacted', 'quoted', 'won', 'lost'])[1 + n % 5],
        (ARRAY['web', 'voice', 'whatsapp', 'fair'])[1 + n % 4], at, at + interval '2 days'
    FROM (SELECT n, timestamptz '2022-12-01Z' + n::float8 / (5 * {n}) * interval '1461 days' AS at
        FROM generate_series(1, 5 * {n}::bigint) AS n) AS made;
INSERT INTO bookings (id, code, customer_id, lead_id, status, service, area, staff, note, price, start_at, created_at)
    SELECT n, 'B-' || n, 1 + (n * 104729) % {n}, n,
        (ARRAY['done', 'done', 'confirmed', 'cancelled', 'no_show', 'requested'])[1 + n % 6],
        (ARRAY['Windows', 'House', 'Office', 'Move'])[1 + n % 4], 'Area ' || n % 20, 'Staff ' || n % 50,
        CASE n % 10 WHEN 0 THEN 'Note ' || n END, 100 + n % 400, at + interval '10 days', at
    FROM (SELECT n, timestamptz '2022-12-01Z' + n::float8 / (3 * {n}) * interval '1461 days' AS at
        FROM generate_series(1, 3 * {n}::bigint) AS n) AS made;
INSERT INTO quotes (lead_id, customer_id, status, total, created_at, accepted_at)
    SELECT id, customer_id, 'accepted', price, created_at, created_at + interval '1 day' FROM bookings WHERE id % 2 = 0;
"""
ANALYTICS = """segment firstBookingAt lastBookingAt acceptedBookings cancelledBookings noShows noShowRate
  averageTicket { amount } favoriteServices { service bookings } bookingNotes { text } isReferrer"""
PROFILE = f"""query ($id: ID!) {{ customer(id: $id) {{
  id name email createdAt lastContactAt totalLeads totalBookings totalRevenue {{ amount }}
  revenue {{ count average {{ amount }} byMonth {{ month total {{ amount }} }} }} analytics {{ {ANALYTICS} }}
  leads(first: 5) {{ nodes {{ id status }} }} bookings(first: 5) {{ nodes {{ id status startAt }} }}
}} }}"""
PAGE = f"""{{ customers(first: 50) {{ nodes {{
  id name totalLeads totalBookings totalRevenue {{ amount }} analytics {{ {ANALYTICS} }}
}} }} }}"""
MONTH = 'dashboard(period: {from: "2026-10-01T00:00:00+02:00", to: "2026-11-01T00:00:00+01:00"})'
#: Each with how often it is asked.
ASKED = {
    "a profile with analytics": (PROFILE, 500),
    "a page of 50 with analytics": (PAGE, 100),
    "month: bookings": (f"{{ {MONTH} {{ bookings {{ total awaiting conversionRate noShowRate }} }} }}", 30),
    "month: leads": (
        f"{{ {MONTH} {{ leads {{ total byStatus {{ count }} bySource {{ count }} followUpsDue }} }} }}",
        30,
    ),
    "month: revenue": (f"{{ {MONTH} {{ revenue {{ amount }} otherCurrencies {{ amount }} }} }}", 30),
    "month: revenue with unattributed": (
        f"{{ {MONTH} {{ revenue {{ amount }} unattributedRevenue {{ amount }} }} }}",
        30,
    ),
    "month: series": (f"{{ {MONTH} {{ series {{ start bookings leads revenue {{ amount }} }} }} }}", 30),
    "month: new customers": (f"{{ {MONTH} {{ customers {{ new }} }} }}", 20),
    "month: top customers": (f"{{ {MONTH} {{ topCustomers {{ name }} }} }}", 30),
    "month: created, by source and segment": (
        f"{{ {MONTH} {{ customers {{ created bySource {{ count }} bySegment {{ count }} }} }} }}",
        20,
    ),
    "month: what a page of figures shows": (
        f"""{{ {MONTH} {{
          bookings {{ total awaiting conversionRate noShowRate byStatus {{ status count }} }}
          leads {{ total byStatus {{ status count }} }} revenue {{ amount }}
          series {{ start bookings leads revenue {{ amount }} }} topCustomers {{ name }}
        }} }}""",
        30,
    ),
    "of all time: customers": ("{ dashboard { customers { total active } } }", 5),
    "of all time: segments": ("{ dashboard { customers { bySegment { count } } } }", 3),
    "of all time: new customers": ("{ dashboard { customers { new } } }", 3),
    "of all time: bookings, leads, revenue": (
        "{ dashboard { bookings { total conversionRate } leads { total } revenue { amount } } }",
        3,
    ),
    "a month at one location": (
        f"{{ {MONTH.replace(')', ', location: &Area 7&)').replace('&', chr(34))} {{ bookings {{ total }} }} }}",
        10,
    ),
}


async def load(folder: EmbeddedStores, customers: int) -> Settings:
    """Fill the database, unless that was done before."""
    url, mongo = folder.postgres.url.replace("/gateway?", "/figures?"), mongo_url(folder, "figures")
    connection = await asyncpg.connect(folder.postgres.url)
    known = await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = 'figures'")
    await connection.close()
    if not known:
        await make_database(folder, "figures")
        await run_sql(url, (SQL / "tables.sql").read_text(), ROWS.replace("{n}", str(customers)))
        await run_sql(url, "SET maintenance_work_mem = '1GB'", (SQL / "indexes.sql").read_text())
        await run_sql(url, "VACUUM ANALYZE")
    return Settings(
        profile="demo",
        postgres_url=url,
        mongo_url=mongo,
        open=True,
        index_seconds=0,
        store_timeout=120,
        count_seconds=120,
    )


async def measure(gateway: Gateway, customers: int, sent: Sent) -> None:
    assert gateway.settings.postgres_url is not None
    planner = PostgresConnection(gateway.settings.postgres_url, 120)
    chance = random.Random(7)  # noqa: S311 - which customers are asked for is no secret
    print("| what | statements | p50 ms | p99 ms | read whole |", "| --- | --- | --- | --- | --- |", sep="\n")
    for name, (query, times) in ASKED.items():

        def variables() -> dict[str, Any]:
            return {"id": encode_id("Customer", None, str(chance.randint(1, customers)), RecordKind.CRM)}

        sent.clear()
        await gateway.data(query, variables())
        statements = list(sent)
        took = []
        for _ in range(times):
            given = variables()
            began = time.perf_counter()
            await gateway.data(query, given)
            took.append((time.perf_counter() - began) * 1000)
        scanned = set()
        for sql, arguments in statements:
            plan = await plan_of(planner, sql, arguments)
            scanned |= {way.table for way in accesses(plan) if way.index is None and way.table}
        took.sort()
        worst = took[min(len(took) - 1, int(len(took) * 0.99))]
        print(
            f"| {name} | {len(statements)} | {statistics.median(took):.1f} | {worst:.1f} |"
            f" {', '.join(sorted(scanned)) or '-'} |",
            flush=True,
        )
    await planner.close()


async def run(folder: Path, customers: int) -> None:
    sent: Sent = []
    with EmbeddedStores(folder) as stores:
        settings = await load(stores, customers)
        PostgresConnection._rows = recorded(sent)  # type: ignore[method-assign]  # to see what is sent
        async with running(settings) as gateway:
            with seldom_collected():
                await measure(gateway, customers, sent)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.large_figures")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(given.folder).free
    if free < _ROOM:
        print(f"{given.folder} has {free >> 30} GB free: this takes up to {_ROOM >> 30}.", file=sys.stderr)
        return 2
    print(f"{given.customers} customers, {os.cpu_count()} cores")
    try:
        asyncio.run(run(given.folder, given.customers))
    finally:
        if not given.keep:
            shutil.rmtree(given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
