"""The six stores at a real size: what doctor prints is enough for every page and profile to be read from an index."""

import asyncio
import os
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from gateway.settings import Settings
from tests.commanding import run_command
from tests.large import large_store
from tests.loading import EXPECTED, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

CUSTOMERS, IN_MONGO = 100_000, 2_000
#: The embedded server reads a whole collection for a range of dates: `make large` has the patience for as many there.
IN_MONGO_ALONE = CUSTOMERS if os.environ.get("GATEWAY_TEST_LARGE") == "all" else IN_MONGO
PATIENCE = 120.0
#: A table with fewer rows is read as a whole whatever it has for indexes.
BIG = 5_000
#: Rows that one request may read of one table on average: some pages full, and far from a table.
ROWS, REQUESTS = 500, 60
#: The statements of a page of customers with all that the profile maps of them and of their leads and bookings.
STATEMENTS = 25
STORES = ("renos", "bikes", "salon", "platform", "grocer")

EVENTS = "history { nodes { to subject { id } } }"
LEAD = f"id key status source snapshot {{ title archived }} {EVENTS}"
BOOKING = f"id key code status amount {{ amount }} snapshot {{ title archived }} shipments {{ status }} {EVENTS}"
CUSTOMER = f"""
  id name email createdAt totalLeads totalBookings totalRevenue {{ amount }} revenue {{ count average {{ amount }} }}
  externalAccounts {{ provider }}
  leads(first: 5) {{ totalCount nodes {{ {LEAD} }} }}
  bookings(first: 5) {{ totalCount nodes {{ {BOOKING} lead {{ id }} }} }}
"""
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
LISTS = {
    "customers": (CUSTOMER, ("CREATED_AT",), ("createdIn",)),
    "leads": (f"{LEAD} customer {{ id }}", ("CREATED_AT", "UPDATED_AT"), ("createdIn", "status")),
    "bookings": (f"{BOOKING} customer {{ id }} lead {{ id }}", ("START_AT", "CREATED_AT"), ("createdIn", "startIn")),
}
FILTERS = {
    "createdIn": '{createdIn: {from: "2024-03-01T00:00:00Z", to: "2024-03-02T00:00:00Z"}}, orderBy: {by: CREATED_AT}',
    "startIn": '{startIn: {from: "2024-06-01T00:00:00Z", to: "2024-06-02T00:00:00Z"}}, orderBy: {by: START_AT}',
    "status": "{status: [WON, NEW]}, orderBy: {by: CREATED_AT}",
}


@dataclass(frozen=True, slots=True)
class Large:
    """Be a store at its real size, with every index that doctor asked for, and *how* to ask for one of its tenants."""

    name: str
    settings: Settings
    how: dict[str, Any]


@pytest.fixture(scope="module", params=STORES)
async def large(both_servers: Servers, request: pytest.FixtureRequest) -> Large:
    name: str = request.param
    settings = await large_store(both_servers, name, customers=CUSTOMERS, in_mongo=IN_MONGO)
    assert settings.postgres_url is not None
    tenant = sorted(EXPECTED[name].get("tenants", {}))[:1]
    report = (await run_command(settings, "doctor", "--json", *(("--tenant", *tenant) if tenant else ()))).json
    missing = dict.fromkeys(one["mends"] for one in report["findings"] if one["check"] == "missing-index")
    await run_sql(settings.postgres_url, *(mends for mends in missing if mends.startswith("CREATE INDEX")), "ANALYZE")
    return Large(name, settings, {"tenant": tenant[0]} if tenant else {})


async def counts(settings: Settings) -> dict[str, tuple[int, int, int]]:
    """Answer of each big table: how often it was scanned, and the rows that scans and indexes read."""
    assert settings.postgres_url is not None
    connection = await asyncpg.connect(settings.postgres_url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            """SELECT tables.relname, seq_scan, seq_tup_read, (
                   SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes AS one WHERE one.relid = tables.relid
               ) AS through_index
               FROM pg_stat_user_tables AS tables JOIN pg_class ON pg_class.oid = relid WHERE reltuples > $1""",
            float(BIG),
        )
    finally:
        await connection.close()
    return {row["relname"]: (row["seq_scan"], row["seq_tup_read"], int(row["through_index"])) for row in rows}


async def all_ended(settings: Settings) -> None:
    """Wait until the connections of the gateway have ended: the server has counted what they read then."""
    left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection = await asyncpg.connect(str(settings.postgres_url).replace("+asyncpg", ""))
    try:
        for _ in range(2400):
            if await connection.fetchval(f"{left} AND backend_type = 'client backend'") == 0:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("connections of the gateway are left open")
    finally:
        await connection.close()


async def read_lists(gateway: Gateway, **how: Any) -> dict[str, Any]:
    """Read pages of every list, in every order, from both ends and onwards; answer the first page of each."""
    first_pages: dict[str, Any] = {}
    for root, (fields, orders, filters) in LISTS.items():
        for order in orders:
            by = f"orderBy: {{by: {order}}}"
            query = f"{{ {root}(%s, {by}) {{ nodes {{ {fields} }} {PAGE} }} }}"
            page = (await gateway.data(query % "first: 20", **how))[root]
            if page is None:
                continue
            first_pages[root] = page["nodes"]
            after, before = page["pageInfo"]["endCursor"], None
            await gateway.data(query % f'first: 20, after: "{after}"', **how)
            last = (await gateway.data(query % "last: 20", **how))[root]
            before = last["pageInfo"]["startCursor"]
            await gateway.data(query % f'last: 20, before: "{before}"', **how)
        for name in filters:
            await gateway.data(f"{{ {root}(filter: {FILTERS[name]}) {{ nodes {{ id }} }} }}", **how)
    return first_pages


async def read_profiles(gateway: Gateway, pages: dict[str, Any], **how: Any) -> None:
    """Read whole customers, leads and bookings by id and by key."""
    for customer in pages["customers"][:5]:
        await gateway.data(f"query ($id: ID!) {{ customer(id: $id) {{ {CUSTOMER} }} }}", {"id": customer["id"]}, **how)
    for lead in pages.get("leads", [])[:3]:
        await gateway.data(f"query ($id: ID!) {{ lead(id: $id) {{ {LEAD} }} }}", {"id": lead["id"]}, **how)
    for booking in pages["bookings"][:3]:
        await gateway.data(f"query ($id: ID!) {{ booking(id: $id) {{ {BOOKING} }} }}", {"id": booking["id"]}, **how)
        for key in ("code", "key"):
            if booking[key] is not None:
                query = f"query ($key: String!) {{ bookingBy(key: {{{key}: $key}}) {{ {BOOKING} }} }}"
                await gateway.data(query, {"key": booking[key]}, **how)


async def test_with_what_doctor_prints_nothing_is_read_but_from_an_index(large: Large) -> None:
    before = await counts(large.settings)
    async with running(large.settings) as gateway:
        pages = await read_lists(gateway, **large.how)
        await read_profiles(gateway, pages, **large.how)
    await all_ended(large.settings)
    after = await counts(large.settings)
    asked = {table: tuple(new - old for old, new in zip(before[table], after[table], strict=True)) for table in before}
    assert len(asked) > 2
    assert sum(rows for _, _, rows in asked.values()) > REQUESTS
    assert {table: scans for table, (scans, _, _) in asked.items() if scans} == {}
    assert {table: rows for table, (_, _, rows) in asked.items() if rows > REQUESTS * ROWS} == {}


@pytest.mark.parametrize("root", LISTS)
async def test_a_longer_page_takes_no_more_statements(large: Large, root: str) -> None:
    query = f"{{ {root}(first: %d) {{ nodes {{ {LISTS[root][0]} }} }} }}"
    async with running(large.settings) as gateway:
        if (await gateway.data(query % 1, **large.how))[root] is None:
            return
        few, many = [await gateway.explained(query % size, **large.how) for size in (20, 60)]
    for store in few:
        assert few[store]["batches"] == many[store]["batches"]
        assert few[store]["statements"] == many[store]["statements"]
    assert few["postgres"]["statements"] <= STATEMENTS


async def test_a_store_of_documents_alone_is_paged_with_as_many_statements(both_servers: Servers) -> None:
    settings = await large_store(both_servers, "delivery", customers=0, in_mongo=IN_MONGO_ALONE)
    fields = "id name email linkage account { key } delivery { key courier { key } } records { store key }"
    query = f"""query ($first: Int!, $after: String) {{
      customers(first: $first, after: $after) {{ nodes {{ {fields} }} {PAGE} }}
    }}"""
    async with running(replace(settings, store_timeout=PATIENCE)) as gateway:
        _, few, many = [await gateway.explained(query, {"first": size}) for size in (60, 20, 60)]
        assert few["mongo"]["statements"] == many["mongo"]["statements"] <= STATEMENTS
        page = (await gateway.data(query, {"first": 20}))["customers"]
        after = (await gateway.data(query, {"first": 20, "after": page["pageInfo"]["endCursor"]}))["customers"]
        assert len({one["id"] for one in (*page["nodes"], *after["nodes"])}) == 40
        # Those that the store was grown by are linked in pairs.
        assert {len(one["records"]) for one in after["nodes"]} == {2}
        found = await gateway.explained(f'{{ customerBy(key: {{delivery: "LD7"}}) {{ {fields} }} }}')
        assert found["mongo"]["statements"] <= STATEMENTS
        counted = await gateway.data("{ customers { totalCount } }")
        assert counted["customers"]["totalCount"] == EXPECTED["delivery"]["linkage"]["uniqueCustomers"] + IN_MONGO_ALONE
