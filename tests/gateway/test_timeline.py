"""The timeline of a customer: leads, bookings, status changes and links in one list, by keyset, the latest first."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.answers import codes
from tests.loading import existing_store, indexed, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

ITEM = """__typename
  ... on Lead { key createdAt } ... on Booking { key createdAt }
  ... on StatusEvent { eventAt: at to } ... on LinkEvent { linkedAt: at kind }"""
PAGE = f"""query ($key: String!, $first: Int, $after: String) {{
  customerBy(key: {{crm: $key}}) {{ timeline(first: $first, after: $after) {{
    edges {{ cursor node {{ {ITEM} }} }} nodes {{ __typename }} pageInfo {{ hasNextPage hasPreviousPage endCursor }}
  }} }}
}}"""
CUSTOMER = "44444444-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    """Serve the store `bikes`, with a customer to whom much happens at the same moment."""
    settings = await indexed(await existing_store(without_mongo, "bikes", "timeline_bikes"))
    await run_sql(
        str(settings.postgres_url),
        f"INSERT INTO customers (id, full_name, created_at) VALUES ('{CUSTOMER}', 'Busy', '2026-01-01')",
        f"""INSERT INTO leads (id, customer_id, source, status, created_at)
            SELECT md5('lead' || n)::uuid::text, '{CUSTOMER}', 'web', 'new',
                timestamptz '2026-02-01Z' + (n / 3) * interval '1 day'
            FROM generate_series(1, 9) AS n""",
        f"""INSERT INTO orders (id, order_code, customer_id, status, created_at)
            SELECT md5('order' || n)::uuid, 'T-' || n, '{CUSTOMER}', 'closed',
                timestamptz '2026-02-01Z' + (n / 2) * interval '1 day'
            FROM generate_series(1, 7) AS n""",
        """INSERT INTO order_status_events (order_id, old_status, new_status, created_at)
            SELECT id, 'delivered', 'closed', created_at FROM orders WHERE order_code LIKE 'T-%'""",
    )
    async with running(settings) as gateway:
        yield gateway


def moment(node: dict[str, Any]) -> str:
    return str(next(node[name] for name in ("createdAt", "eventAt", "linkedAt") if name in node))


async def walk(gateway: Gateway, key: str, size: int, **how: Any) -> list[dict[str, Any]]:
    """Read a timeline page by page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        data = await gateway.data(PAGE, {"key": key, "first": size, "after": after}, **how)
        page = data["customerBy"]["timeline"]
        found += page["edges"]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        if not info["hasNextPage"]:
            return found
        assert len(page["edges"]) == size
        after = info["endCursor"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
async def test_pages_of_any_size_are_the_same_list(bikes: Gateway, size: int) -> None:
    whole = await walk(bikes, CUSTOMER, 50)
    assert [node["__typename"] for node in (one["node"] for one in whole)].count("Lead") == 9
    assert len(whole) == 9 + 7 + 7
    moments = [moment(one["node"]) for one in whole]
    assert moments == sorted(moments, reverse=True)
    assert len({one["cursor"] for one in whole}) == len(whole)
    assert await walk(bikes, CUSTOMER, size) == whole


async def test_links_are_told_with_the_rest(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "timeline_grocer"))
    link = """mutation { linkRecords(input: {records: [{store: CRM, key: "8"}, {store: ACCOUNT, key: "A13"}]}) {
      errors { message } event { kind }
    } }"""
    async with running(settings) as gateway:
        done = (await gateway.data(link, tenant="north"))["linkRecords"]
        assert done == {"errors": [], "event": {"kind": "LINKED"}}
        found = await walk(gateway, "8", 2, tenant="north")
        assert [one["node"]["__typename"] for one in found] == ["LinkEvent"]
        first = await walk(gateway, "1", 2, tenant="north")
        assert {one["node"]["__typename"] for one in first} == {"Lead", "Booking"}
        query = "{ customers(first: %d) { nodes { timeline { nodes { __typename } } } } }"
        few, many = [await gateway.explained(query % size, tenant="north") for size in (3, 16)]
        assert few["postgres"]["batches"] == many["postgres"]["batches"]


async def test_a_cursor_of_another_list_is_none(bikes: Gateway) -> None:
    leads = "query ($key: String!) { customerBy(key: {crm: $key}) { leads { pageInfo { endCursor } } } }"
    cursor = (await bikes.data(leads, {"key": CUSTOMER}))["customerBy"]["leads"]["pageInfo"]["endCursor"]
    body = await bikes.ask(PAGE, {"key": CUSTOMER, "after": cursor})
    assert codes(body) == ["BAD_CURSOR"]
