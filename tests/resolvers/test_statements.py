"""How often the stores are asked: once a loader and level, however long the page, and for nothing that is not selected.

The store of these tests repeats five customers: a whole triangle, one linked one-way, and a row that two accounts name,
which makes three of them. So a page of 100 holds no shape of links that a page of 5 does not hold.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import gateway.demo_data
from domain.ids import encode_id
from domain.records import RecordKind
from gateway.settings import Settings
from sources.postgres_connection import PostgresConnection
from tests.loading import fill_mongo, make_database, mongo_url, run_sql
from tests.running import Gateway, running
from tests.sent import Sent, recorded
from tests.servers import Servers

TABLES = (Path(gateway.demo_data.__file__).parent / "tables.sql").read_text()
BLOCKS = 60
ROWS = f"""
INSERT INTO customers (id, name, email, phone, area, source, created_at)
    SELECT n, 'Customer ' || n, n || '@shop.example', '+45' || 20000000 + n, 'A', 'web',
        timestamptz '2026-01-01' - n * interval '1 day'
    FROM generate_series(1, {3 * BLOCKS}) n;
INSERT INTO leads (id, customer_id, status, created_at, updated_at)
    SELECT n * 10 + each, n, CASE each WHEN 1 THEN 'new' ELSE 'won' END, at - each * interval '1000 days', at
    FROM (SELECT id AS n, created_at AS at FROM customers) owner, generate_series(1, 3) each;
INSERT INTO bookings (id, code, customer_id, lead_id, start_at, created_at)
    SELECT id, 'B-' || id, customer_id, id, created_at, created_at FROM leads WHERE status = 'won';
INSERT INTO quotes (lead_id, customer_id, status, total, accepted_at)
    SELECT id, customer_id, 'accepted', 10.50, created_at FROM leads WHERE status = 'won';
"""


def documents() -> dict[str, list[dict[str, Any]]]:
    """Link the three rows of every block, each in another way."""
    users: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    for first in range(1, 3 * BLOCKS, 3):
        whole, one_way, twice = (str(first + place) for place in range(3))
        at = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=first + 2, hours=1)
        users += [
            {"id": f"A{whole}", "created_at": at, "crm_customer_id": whole, "customer_v2_id": f"D{whole}"},
            {"id": f"A{one_way}", "created_at": at, "crm_customer_id": one_way, "customer_v2_id": f"D{one_way}"},
            {"id": f"A{twice}", "created_at": at, "crm_customer_id": twice},
            {"id": f"B{twice}", "created_at": at, "crm_customer_id": twice},
        ]
        deliveries += [{"id": f"D{whole}", "crm_customer_id": whole, "user_id": f"A{whole}"}, {"id": f"D{one_way}"}]
    return {"users": [{"role": "customer", **user} for user in users], "customers_v2": deliveries}


@pytest.fixture(scope="module")
async def blocks_settings(servers: Servers) -> Settings:
    postgres, mongo = await make_database(servers, "blocks"), mongo_url(servers, "blocks")
    await run_sql(postgres, TABLES, ROWS)
    fill_mongo(mongo, documents())
    return Settings(profile="demo", postgres_url=postgres, mongo_url=mongo, open=True, store_timeout=30)


@pytest.fixture(scope="module")
async def blocks(blocks_settings: Settings) -> AsyncIterator[Gateway]:
    async with running(blocks_settings) as gateway:
        await gateway.data("{ customers { nodes { account { key } } } }")  # what is learnt of the stores once
        yield gateway


Cost = dict[str, tuple[int, dict[str, int]]]


async def cost(gateway: Gateway, query: str, variables: dict[str, Any] | None = None) -> Cost:
    """Answer, by store, the statements and the batches of each loader that *query* takes."""
    explained = await gateway.explained(query, variables)
    assert all(store["milliseconds"] >= 0 for store in explained.values())
    return {name: (store["statements"], store["batches"]) for name, store in explained.items()}


async def batches(gateway: Gateway, query: str, variables: dict[str, Any] | None = None) -> dict[str, int]:
    """Answer how often each loader asked a store."""
    return {name: times for _, by in (await cost(gateway, query, variables)).values() for name, times in by.items()}


async def statements(gateway: Gateway, query: str, variables: dict[str, Any] | None = None) -> tuple[int, int]:
    """Answer how many statements Postgres and Mongo were asked."""
    found = await cost(gateway, query, variables)
    return found["postgres"][0], found["mongo"][0]


EVERYTHING = """
  id name email phone status source area createdAt firstSeenAt linkage records { key }
  totalLeads totalBookings totalRevenue { amount } revenue { count byMonth { count } } lastContactAt
  analytics { segment noShowRate averageTicket { amount } favoriteServices { service } bookingNotes { text } }
  leads(first: 5) { totalCount nodes { id customer { name } } }
  bookings(first: 5) { totalCount nodes { id } }
  account { email canLogIn } delivery { address }
"""
PERIOD = '{createdIn: {from: "2024-01-01"}}'
PAGES = {
    "customers": f"customers(SIZE) {{ totalCount nodes {{ {EVERYTHING} }} }}",
    "customers, oldest first": f"customers(SIZE, orderBy: {{direction: ASC}}) {{ nodes {{ {EVERYTHING} }} }}",
    "customers of a period": f"customers(SIZE, filter: {PERIOD}) {{ totalCount nodes {{ {EVERYTHING} }} }}",
    "leads": f"leads(SIZE) {{ totalCount nodes {{ id customer {{ {EVERYTHING} }} }} }}",
    "bookings": f"bookings(SIZE) {{ totalCount nodes {{ id lead {{ id }} customer {{ {EVERYTHING} }} }} }}",
}


@pytest.mark.parametrize("direction", ["first", "last"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
async def test_a_page_of_100_costs_what_a_page_of_5_costs(blocks: Gateway, page: str, direction: str) -> None:
    of_5, of_50, of_100 = [
        await cost(blocks, "{" + page.replace("SIZE", f"{direction}: {size}") + "}") for size in (5, 50, 100)
    ]
    assert of_50 == of_5
    # Where a page reaches the end of a collection, there is nothing beyond it to ask about.
    assert batches_of(of_100) == batches_of(of_5)
    assert all(of_100[store][0] <= of_5[store][0] for store in of_5)
    assert set(batches_of(of_5).values()) == {1}
    assert batches_of(of_5).keys() >= {"leads_by_customer", "bookings_by_customer", "linked_by_customer"}


def batches_of(found: Cost) -> dict[str, int]:
    return {name: times for _, by in found.values() for name, times in by.items()}


async def test_many_ids_cost_what_few_do(blocks: Gateway) -> None:
    query = """query ($ids: [ID!]!) {
      nodes(ids: $ids) { ... on Customer { account { key } totalLeads } ... on Lead { key } }
    }"""

    def ids(count: int) -> list[str]:
        customers = [encode_id("Customer", None, str(key), RecordKind.CRM) for key in range(1, count + 1)]
        return customers + [encode_id("Lead", None, str(key * 10 + 1)) for key in range(1, count + 1)]

    few = await cost(blocks, query, {"ids": ids(5)})
    assert await cost(blocks, query, {"ids": ids(50)}) == few
    assert set(batches_of(few)) == {
        "customers_by_record",
        "leads_by_key",
        "lead_stats_by_customer",
        "linked_by_customer",
    }


async def test_the_demo_with_all_its_shapes_is_asked_in_as_many_batches(demo: Gateway) -> None:
    for root in ("customers", "leads", "bookings"):
        fields = EVERYTHING if root == "customers" else f"id customer {{ {EVERYTHING} }}"
        of_5, of_100 = [
            await cost(demo, f"{{ {root}(first: {size}, orderBy: {{direction: ASC}}) {{ nodes {{ {fields} }} }} }}")
            for size in (5, 100)
        ]
        assert batches_of(of_100) == batches_of(of_5)


# ── only what is selected ──


async def test_a_count_reads_no_page_and_a_page_no_count(blocks: Gateway) -> None:
    for root in ("customers", "leads", "bookings"):
        count = await statements(blocks, f"{{ {root} {{ totalCount }} }}")
        page = await statements(blocks, f"{{ {root} {{ nodes {{ id }} }} }}")
        both = await statements(blocks, f"{{ {root} {{ totalCount pageInfo {{ endCursor }} edges {{ cursor }} }} }}")
        assert both == (count[0] + page[0], count[1] + page[1])
        assert min(count) >= (1 if root == "customers" else 0)
    assert await cost(blocks, "{ leads { totalCount } }") == {"postgres": (1, {}), "mongo": (0, {})}


@pytest.mark.parametrize("root", ["customers", "leads", "bookings"])
async def test_the_name_of_a_lists_type_asks_nothing(blocks: Gateway, root: str) -> None:
    assert await statements(blocks, f"{{ {root} {{ __typename }} }}") == (0, 0)


@pytest.mark.parametrize(
    ("selected", "wanted"),
    [
        ("id name email phone source createdAt", set()),
        ("totalLeads", {"lead_stats_by_customer"}),
        ("leads { totalCount }", {"lead_stats_by_customer"}),
        ("leads { nodes { id } }", {"leads_by_customer"}),
        ("leads { pageInfo { hasNextPage } }", {"leads_by_customer"}),
        ("leads { __typename } bookings { __typename }", set()),
        ("totalBookings bookings { edges { cursor } }", {"booking_stats_by_customer", "bookings_by_customer"}),
        ("totalRevenue { amount } revenue { count }", {"revenue_by_customer"}),
        ("revenue { __typename }", {"revenue_by_customer"}),
        ("revenue { byMonth { month } count }", {"revenue_by_customer"}),
        ("analytics { __typename }", set()),
        ("totalBookings analytics { segment firstBookingAt lastBookingAt noShows }", {"booking_stats_by_customer"}),
        ("totalRevenue { amount } analytics { averageTicket { amount } }", {"revenue_by_customer"}),
        ("totalLeads totalBookings lastContactAt", {"lead_stats_by_customer", "booking_stats_by_customer"}),
        ("account { email }", {"linked_by_customer"}),
        ("account { email } delivery { key } linkage records { key } firstSeenAt", {"linked_by_customer"}),
        ("totalLeads @skip(if: true) account @include(if: false) { email }", set()),
        ("... @skip(if: true) { totalLeads } ...Totals @include(if: false)", set()),
        ("...Totals @skip(if: false)", {"booking_stats_by_customer"}),
    ],
)
async def test_only_what_is_selected_is_asked(blocks: Gateway, selected: str, wanted: set[str]) -> None:
    fragment = "fragment Totals on Customer { totalBookings }" if "...Totals" in selected else ""
    found = await batches(blocks, f"{{ customers(first: 100) {{ nodes {{ {selected} }} }} }} {fragment}")
    assert found == dict.fromkeys(wanted, 1)


async def test_the_other_stores_are_asked_only_where_the_crm_is_silent(blocks: Gateway, demo: Gateway) -> None:
    query = "{ customers(first: 100, orderBy: {direction: ASC}) { nodes { name email phone area } } }"
    assert await batches(blocks, query) == {}
    assert await batches(demo, query) == {"linked_by_customer": 1}


async def test_what_needs_the_links_of_some_rows_and_of_all_asks_for_them_once(demo: Gateway) -> None:
    lists = "timeline(first: 3) { edges { cursor } } notes { nodes { text } }"
    for selected in ("email", "email account { key }", "firstSeenAt area"):
        page = f"{{ customers(first: 50, orderBy: {{direction: ASC}}) {{ nodes {{ {selected} {lists} }} }} }}"
        found = await batches(demo, page)
        assert set(found.values()) == {1}
        assert "linked_by_customer" in found


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_what_mongo_holds_of_rows_is_asked_with_what_a_page_asks_of_it(blocks: Gateway, direction: str) -> None:
    page = f"customers(first: 50, orderBy: {{direction: {direction}}})"
    alone = await statements(blocks, f"{{ {page} {{ nodes {{ id }} }} }}")
    linked = await statements(
        blocks, f"{{ {page} {{ nodes {{ name account {{ key }} delivery {{ key }} linkage }} }} }}"
    )
    # Who names the rows is asked with who names those of the documents; only what these name is asked for itself.
    assert linked[0] == alone[0]
    assert linked[1] <= alone[1] + 4


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("paged", [True, False])
async def test_variables_decide_what_a_list_reads(blocks: Gateway, *, counted: bool, paged: bool) -> None:
    query = """query ($counted: Boolean!, $paged: Boolean!) {
      leads { totalCount @include(if: $counted) ...Page @skip(if: $paged) }
      customers(first: 5) { nodes { leads { ... @include(if: $counted) { totalCount } ...Page @skip(if: $paged) } } }
    }
    fragment Page on LeadConnection { nodes { id } ... on LeadConnection { pageInfo { endCursor } } }"""
    found = await cost(blocks, query, {"counted": counted, "paged": paged})
    wanted = {"lead_stats_by_customer": counted, "leads_by_customer": not paged}
    assert found["postgres"][1] == {name: 1 for name, selected in wanted.items() if selected}
    base = (await statements(blocks, "{ customers(first: 5) { nodes { id } } }"))[0]
    assert found["postgres"][0] == base + 2 * (counted + (not paged))


async def test_a_variable_that_is_left_out_takes_its_default(blocks: Gateway) -> None:
    query = "query ($counted: Boolean = false) { leads { totalCount @include(if: $counted) __typename } }"
    assert await statements(blocks, query) == (0, 0)
    assert await statements(blocks, query, {"counted": True}) == (1, 0)


# ── one batch a level ──


async def test_aliases_with_other_arguments_do_not_disturb_each_other(blocks: Gateway) -> None:
    query = """{ customers(first: 100, filter: {source: ["web"]}) { nodes {
      newest: leads(first: 1) { nodes { status } pageInfo { hasNextPage } }
      oldest: leads(last: 1) { nodes { status } pageInfo { hasPreviousPage } }
      won: leads(filter: {status: [WON]}) { totalCount nodes { status } }
      new: leads(filter: {status: [NEW]}) { totalCount nodes { status } }
      early: revenue(period: {to: "1990-01-01"}) { count } always: revenue { count total { amount } }
      all: totalLeads
    } } }"""
    nodes = (await blocks.data(query))["customers"]["nodes"]
    for one in nodes:
        assert one == {
            "newest": {"nodes": [{"status": "NEW"}], "pageInfo": {"hasNextPage": True}},
            "oldest": {"nodes": [{"status": "WON"}], "pageInfo": {"hasPreviousPage": True}},
            "won": {"totalCount": 2, "nodes": [{"status": "WON"}] * 2},
            "new": {"totalCount": 1, "nodes": [{"status": "NEW"}]},
            "early": {"count": 0},
            "always": {"count": 2, "total": {"amount": "21.00"}},
            "all": 3,
        }
    found = await cost(blocks, query)
    assert found["postgres"][1] == {"lead_stats_by_customer": 1, "leads_by_customer": 1, "revenue_by_customer": 1}


async def test_aliases_with_the_same_arguments_ask_once(blocks: Gateway) -> None:
    once = "{ customers(first: 5) { nodes { a: leads(first: 2) { nodes { id } } c: totalLeads } } }"
    twice = """query ($two: Int!) { customers(first: 5) { nodes {
      a: leads(first: 2) { nodes { id } } b: leads(first: $two, filter: null) { nodes { key } }
      c: totalLeads d: totalLeads e: leads { totalCount }
    } } }"""
    assert await cost(blocks, twice, {"two": 2}) == await cost(blocks, once)


@pytest.mark.parametrize("empty", ["{}", "{createdIn: {}}", "{status: null, createdIn: {from: null}}"])
async def test_a_filter_that_narrows_nothing_asks_as_none_does(blocks: Gateway, empty: str) -> None:
    once = """{ customers(first: 5) { nodes {
      totalLeads totalBookings leads { nodes { id } } bookings { nodes { id } } revenue { count }
    } } }"""
    twice = f"""{{ customers(first: 5) {{ nodes {{
      totalLeads leads(filter: {empty}) {{ totalCount nodes {{ id }} }} all: leads {{ nodes {{ id }} }}
      totalBookings bookings(filter: {empty}) {{ totalCount nodes {{ id }} }} every: bookings {{ nodes {{ id }} }}
      revenue(period: {{}}) {{ count }} totalRevenue {{ amount }}
    }} }} }}"""
    assert await cost(blocks, twice) == await cost(blocks, once)
    for one in (await blocks.data(twice))["customers"]["nodes"]:
        assert one["leads"] == {"totalCount": one["totalLeads"], **one["all"]}
        assert one["bookings"] == {"totalCount": one["totalBookings"], **one["every"]}


async def test_a_customer_that_many_lists_lead_to_is_read_once(blocks: Gateway) -> None:
    query = """{
      leads(first: 50) { nodes { customer { name totalLeads } } }
      bookings(first: 50) { nodes { customer { name totalLeads } lead { customer { name totalLeads } } } }
    }"""
    assert await batches(blocks, query) == {"customers_by_record": 1, "leads_by_key": 1, "lead_stats_by_customer": 1}


@pytest.mark.parametrize("root", ["customers", "leads"])
async def test_what_a_page_selects_is_asked_for_all_at_once(
    blocks: Gateway, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    sent: Sent = []
    monkeypatch.setattr(PostgresConnection, "_rows", recorded(sent))
    fields = "leads { nodes { id } } bookings { nodes { id } } totalLeads totalBookings totalRevenue { amount }"
    of_customers = fields if root == "customers" else f"customer {{ {fields} }}"
    query = f"{{ {root}(first: 100) {{ nodes {{ {of_customers} }} }} }}"
    await blocks.data(query)  # what is asked again and again is known by then
    sent.clear()
    assert len((await blocks.data(query))[root]["nodes"]) == 100
    together = [sql for sql, _ in sent if all(f"FROM {table}" in sql for table in ("leads", "bookings", "quotes"))]
    assert len(together) == 1
