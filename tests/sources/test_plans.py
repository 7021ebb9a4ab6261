"""With the indexes that doctor prints, no page and no profile goes through a big table, in any of the stores."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Select

from domain.ids import encode_id
from domain.records import RecordKind
from sources.postgres_connection import PostgresConnection
from sources.query_plans import accesses
from tests.commanding import run_command
from tests.large import large_store
from tests.loading import run_sql
from tests.running import Gateway, running
from tests.servers import Servers

CUSTOMERS = 30_000
#: What the server takes reading so many rows for, at the least: a page of it costs 1, looking at a row 0.01.
COST_OF_A_SCAN = CUSTOMERS * 0.02
CLIENT = "a0000000-0000-0000-0000-000000000064"
#: The stores with rows in PostgreSQL: a tenant, and a customer, lead and booking of it with all that there is.
STORES: Mapping[str, tuple[str | None, str, str, str]] = {
    "renos": (None, "c100", "l100", "b100"),
    "bikes": (None, "00000000-0000-0000-0000-000000000064", "n100", "00000000-0000-0000-0000-000000000064"),
    "salon": ("aaaaaaaa-0000-4000-8000-000000000001", "L100", "", "a100"),
    "platform": ("11111111-0000-4000-8000-000000000001", CLIENT, CLIENT, ""),
    "grocer": ("north", "1100", "1100", "1100"),
}
EVENTS = "history(first: 3) { nodes { at to } totalCount }"
LEAD = f"id status createdAt snapshot {{ title archived }} {EVENTS}"
BOOKING = f"{LEAD} code startAt shipments {{ provider }} lead {{ id }}"
CUSTOMER = f"""id name createdAt totalLeads totalBookings totalRevenue {{ amount }}
  revenue {{ count average {{ amount }} }} externalAccounts {{ provider }} records {{ key }}
  leads {{ nodes {{ {LEAD} }} }} oldLeads: leads(last: 2) {{ nodes {{ id }} }}
  changed: leads(orderBy: {{by: UPDATED_AT, direction: ASC}}) {{ nodes {{ id }} }}
  bookings {{ nodes {{ {BOOKING} }} }} oldBookings: bookings(last: 2) {{ nodes {{ id }} }}
  made: bookings(orderBy: {{by: CREATED_AT}}) {{ nodes {{ id }} }}"""
PAGES = {
    ("customers", "CREATED_AT"): CUSTOMER,
    ("leads", "CREATED_AT"): f"{LEAD} customer {{ {CUSTOMER} }}",
    ("leads", "UPDATED_AT"): f"{LEAD} customer {{ id }}",
    ("bookings", "START_AT"): f"{BOOKING} customer {{ {CUSTOMER} }}",
    ("bookings", "CREATED_AT"): f"{BOOKING} customer {{ id }}",
}
Sent = list[tuple[Select[Any], Mapping[str, Any]]]


@pytest.fixture(scope="module", params=STORES)
async def store(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[tuple[str, Gateway]]:
    """Serve a store of a real size, with just the indexes that were printed for it, made while it was small."""
    name = request.param
    settings = await large_store(servers, name, customers=0, in_mongo=0)
    everyone = [] if STORES[name][0] is None else ["--all-tenants"]
    report = (await run_command(settings, "doctor", "--json", *everyone)).json
    missing = [one for one in report["findings"] if one["check"] == "missing-index"]
    made = dict.fromkeys(one["mends"] for one in missing if one["mends"].startswith("CREATE INDEX CONCURRENTLY "))
    settings = await large_store(servers, name, customers=CUSTOMERS, in_mongo=0)
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, *made, "VACUUM ANALYZE")
    async with running(settings) as gateway:
        yield name, gateway


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Every statement that is sent, with its values."""
    sent: Sent = []
    rows = PostgresConnection.rows

    async def recorded(self: PostgresConnection, query: Any, values: Mapping[str, Any] | None = None) -> Any:
        if isinstance(query, Select):
            sent.append((query, dict(values or {})))
        return await rows(self, query, values)

    monkeypatch.setattr(PostgresConnection, "rows", recorded)
    return sent


async def assert_nothing_big_is_scanned(gateway: Gateway, sent: Sent) -> None:
    assert sent
    assert gateway.settings.postgres_url is not None
    planner = PostgresConnection(gateway.settings.postgres_url, 60)
    try:
        for query, values in sent:
            plan = await planner.plan(query, values)
            scanned = {way.table for way in accesses(plan) if way.index is None}
            assert not scanned, f"{query}\n{values}\n{plan}"
            assert plan["Total Cost"] < COST_OF_A_SCAN / 2, f"{query}\n{values}\n{plan}"
    finally:
        await planner.close()


@pytest.mark.parametrize(("root", "order"), PAGES, ids=["-".join(page) for page in PAGES])
async def test_no_page_goes_through_a_big_table(store: tuple[str, Gateway], sent: Sent, root: str, order: str) -> None:
    name, gateway = store
    for direction in ("ASC", "DESC"):
        for size, other in (("first", "after"), ("last", "before")):
            by = f"orderBy: {{by: {order}, direction: {direction}}}"
            selected = f"nodes {{ {PAGES[root, order]} }} pageInfo {{ startCursor endCursor }}"
            query = f"query ($at: String) {{ {root}({size}: 5, {other}: $at, {by}) {{ {selected} }} }}"
            page = await gateway.data(query, {"at": None}, tenant=STORES[name][0])
            if page[root] is None:
                pytest.skip(f"{name} has no {root}")
            assert len(page[root]["nodes"]) == 5
            cursor = page[root]["pageInfo"]["endCursor" if size == "first" else "startCursor"]
            page = await gateway.data(query, {"at": cursor}, tenant=STORES[name][0])
            assert len(page[root]["nodes"]) == 5
    await assert_nothing_big_is_scanned(gateway, sent)


async def test_no_profile_goes_through_a_big_table(store: tuple[str, Gateway], sent: Sent) -> None:
    name, gateway = store
    tenant, customer, lead, booking = STORES[name]
    query = f"""query ($customer: ID!, $ids: [ID!]!, $key: String!) {{
      customer(id: $customer) {{ {CUSTOMER} }}
      customerBy(key: {{crm: $key}}) {{ name }}
      nodes(ids: $ids) {{ id ... on Customer {{ totalLeads }} ... on Lead {{ createdAt }} ... on Booking {{ code }} }}
      byCode: bookingBy(key: {{code: "L-100"}}) {{ id }}
      byToken: bookingBy(key: {{trackingToken: "large-100"}}) {{ id }}
    }}"""
    ids = [
        encode_id("Customer", tenant, customer, RecordKind.CRM),
        encode_id("Lead", tenant, lead),
        encode_id("Booking", tenant, booking),
    ]
    found = await gateway.data(query, {"customer": ids[0], "key": customer, "ids": ids}, tenant=tenant)
    assert found["customer"]["bookings"]["nodes"]
    assert found["customerBy"] is not None
    await assert_nothing_big_is_scanned(gateway, sent)
