"""A store that is awkward in every way has its plans too: with the printed indexes, nothing big is gone through.

Customers through leads, keys that compare as text only, dates as text, conditions, an order over two dates. The indexes
are printed while the store is small, and hold once it is big.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sources.postgres_connection import PostgresConnection
from sources.query_plans import accesses
from tests.commanding import run_command
from tests.loading import make_database, run_sql
from tests.running import Gateway, running, secured
from tests.sent import Sent, plan_of, recorded
from tests.servers import Servers

FOLDER = Path(__file__).parent / "awkward"
ROWS = 30_000
#: What the server takes reading so many rows for, at the least: a page of them costs 1, looking at one 0.01.
COST_OF_A_SCAN = ROWS * 0.02
GROWN = f"""
INSERT INTO crm."Customer" SELECT lpad(to_hex(n), 32, '0')::uuid, 'Given ' || n, '{{}}', NULL, 'on', n % 50 = 0,
    timestamp '2024-01-01' + n * interval '3 minutes' FROM generate_series(10, {ROWS}) AS n;
INSERT INTO crm."Lead" SELECT n, lpad(to_hex(n), 32, '0')::uuid::text, 'web', 'new', 1, (n % 40 = 0)::int,
    to_char(timestamp '2024-01-01' + n * interval '3 minutes', 'YYYY-MM-DD"T"HH24:MI:SS')
    FROM generate_series(10, {ROWS}) AS n;
INSERT INTO crm."Booking" SELECT n, n::text, 'yes', timestamptz '2024-01-01Z' + n * interval '3 minutes', 30,
    date '2024-01-01' + n / 100, '12', 'EUR', true FROM generate_series(10, {ROWS}) AS n;
INSERT INTO crm."Payment" SELECT n, n, 1, NULL, '2025-01-01T00:00:00.000Z' FROM generate_series(10, {ROWS}) AS n;
"""
LEAD = "id status createdAt"
BOOKING = f"{LEAD} startAt lead {{ id }}"
CUSTOMER = f"""id name createdAt totalLeads totalBookings totalRevenue {{ amount }} revenue {{ count }}
  leads {{ nodes {{ {LEAD} }} }} oldLeads: leads(last: 2) {{ nodes {{ id }} }}
  bookings {{ nodes {{ {BOOKING} }} }} oldBookings: bookings(last: 2) {{ nodes {{ id }} }}
  made: bookings(orderBy: {{by: CREATED_AT}}) {{ nodes {{ id }} }}"""
PAGES = {
    ("customers", "CREATED_AT"): CUSTOMER,
    ("leads", "CREATED_AT"): f"{LEAD} customer {{ {CUSTOMER} }}",
    ("bookings", "START_AT"): f"{BOOKING} customer {{ {CUSTOMER} }}",
    ("bookings", "CREATED_AT"): f"{BOOKING} customer {{ id }}",
}


@pytest.fixture(scope="module")
async def awkward(without_mongo: Servers) -> AsyncIterator[Gateway]:
    url = await make_database(without_mongo, "awkward_plans")
    await run_sql(url, (FOLDER / "postgres.sql").read_text())
    settings = secured(profile=str(FOLDER / "profile.toml"), postgres_url=url)
    report = (await run_command(settings, "doctor", "--json")).json
    made = dict.fromkeys(one["mends"] for one in report["findings"] if one["check"] == "missing-index")
    assert all(statement.startswith("CREATE INDEX CONCURRENTLY ") for statement in made)
    # One after the other: none of them passes for another.
    for number, statement in enumerate(made, start=1):
        await run_sql(url, statement)
        report = (await run_command(settings, "doctor", "--json")).json
        left = {one["mends"] for one in report["findings"] if one["check"] == "missing-index"}
        assert len(left) == len(made) - number
    await run_sql(url, GROWN, "VACUUM ANALYZE")
    async with running(settings) as gateway:
        yield gateway


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Every statement that is sent, with its arguments."""
    sent: Sent = []
    monkeypatch.setattr(PostgresConnection, "_rows", recorded(sent))
    return sent


async def assert_nothing_big_is_scanned(gateway: Gateway, sent: Sent) -> None:
    assert sent
    assert gateway.settings.postgres_url is not None
    planner = PostgresConnection(gateway.settings.postgres_url, 60)
    try:
        for sql, arguments in tuple(sent):
            plan = await plan_of(planner, sql, arguments)
            scanned = {way.table for way in accesses(plan) if way.index is None}
            assert not scanned, f"{sql}\n{arguments}\n{plan}"
            assert plan["Total Cost"] < COST_OF_A_SCAN, f"{sql}\n{arguments}\n{plan}"
    finally:
        await planner.close()


@pytest.mark.parametrize(("root", "order"), PAGES, ids=["-".join(page) for page in PAGES])
async def test_no_page_goes_through_a_big_table(awkward: Gateway, sent: Sent, root: str, order: str) -> None:
    for direction in ("ASC", "DESC"):
        for size, other in (("first", "after"), ("last", "before")):
            by = f"orderBy: {{by: {order}, direction: {direction}}}"
            selected = f"nodes {{ {PAGES[root, order]} }} pageInfo {{ startCursor endCursor }}"
            query = f"query ($at: String) {{ {root}({size}: 5, {other}: $at, {by}) {{ {selected} }} }}"
            cursor = None
            for _ in range(2):
                page = (await awkward.data(query, {"at": cursor}))[root]
                assert len(page["nodes"]) == 5
                cursor = page["pageInfo"]["endCursor" if size == "first" else "startCursor"]
    await assert_nothing_big_is_scanned(awkward, sent)


async def test_no_profile_goes_through_a_big_table(awkward: Gateway, sent: Sent) -> None:
    query = f"""query ($key: String!) {{
      customerBy(key: {{crm: $key}}) {{ {CUSTOMER} }}
      bookingBy(key: {{key: "100"}}) {{ {BOOKING} customer {{ {CUSTOMER} }} }}
    }}"""
    found = await awkward.data(query, {"key": "00000000-0000-0000-0000-000000000063"})
    assert found["customerBy"]["bookings"]["nodes"][0]["lead"] is not None
    await assert_nothing_big_is_scanned(awkward, sent)


async def test_a_table_in_partitions_lacks_indexes_like_any_other(without_mongo: Servers) -> None:
    url = await make_database(without_mongo, "partitioned_plans")
    whole = (FOLDER / "postgres.sql").read_text()
    parted = whole.replace("id         bigint PRIMARY KEY,", "id bigint,").replace(
        "settled    boolean\n);",
        """settled boolean
        ) PARTITION BY RANGE (day);
        CREATE TABLE crm.early PARTITION OF crm."Booking" FOR VALUES FROM (MINVALUE) TO ('2025-07-03');
        CREATE TABLE crm.late PARTITION OF crm."Booking" DEFAULT;""",
    )
    assert parted.count("PARTITION OF") == 2
    await run_sql(url, parted)
    settings = secured(profile=str(FOLDER / "profile.toml"), postgres_url=url)
    missing = []
    for _ in range(2):
        report = (await run_command(settings, "doctor", "--json")).json
        missing = [one for one in report["findings"] if one["check"] == "missing-index"]
        await run_sql(url, *dict.fromkeys(one["mends"] for one in missing))
        made = {one["mends"] for one in missing if one["where"].startswith("booking.")}
        assert all(statement.startswith('CREATE INDEX "Booking_') for statement in made)
    assert missing == []
