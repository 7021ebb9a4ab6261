"""Customers, leads and bookings as they are read through HTTP, held against the rows in the stores."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from tests.running import Gateway

NORTH: dict[str, Any] = {"tenant": "north"}
LEAD_WORDS = {"NEW": "new", "CONTACTED": "contacted,called", "QUALIFIED": "qualified", "QUOTED": "quoted", "WON": "won"}
LEAD_WORDS |= {"LOST": "lost,spam"}
BOOKING_WORDS = {"REQUESTED": "requested", "CONFIRMED": "confirmed,rescheduled", "IN_PROGRESS": "on_site"}
BOOKING_WORDS |= {"COMPLETED": "done,invoiced", "CANCELLED": "cancelled", "NO_SHOW": "no_show"}
FORWARDS = ("first", "after", "endCursor", "hasNextPage")
BACKWARDS = ("last", "before", "startCursor", "hasPreviousPage")


@pytest.fixture(scope="module")
async def rows(demo: Gateway) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Ask the demo's database itself."""
    connection = await asyncpg.connect((demo.settings.postgres_url or "").replace("+asyncpg", ""))
    yield connection
    await connection.close()


Rows = Any  # asyncpg.Connection, which has no types


async def walk(
    gateway: Gateway, root: str, fields: str, *, given: str = "", size: int = 50, backwards: bool = False, **how: Any
) -> list[dict[str, Any]]:
    """Read the list *root* from one end to the other; it is in the order of the list either way."""
    count, cursor, end, more = BACKWARDS if backwards else FORWARDS
    query = f"""query ($cursor: String, $counted: Boolean!) {{ {root}({count}: {size}, {cursor}: $cursor {given}) {{
      totalCount @include(if: $counted) nodes {{ {fields} }} edges {{ cursor node {{ id }} }}
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    }} }}"""
    found: list[dict[str, Any]] = []
    at = total = None
    while True:
        page = (await gateway.data(query, {"cursor": at, "counted": at is None}, **how))[root]
        total = page.get("totalCount", total)
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
        assert len(page["nodes"]) <= size
        info = page["pageInfo"]
        assert info["hasNextPage" if backwards else "hasPreviousPage"] is (at is not None)
        found = page["nodes"] + found if backwards else found + page["nodes"]
        if not info[more]:
            assert len(found) == total
            return found
        at = info[end]
        assert at is not None


def keys(found: list[dict[str, Any]]) -> list[str]:
    return [one["key"] for one in found]


# ── lists of leads and bookings ──


@pytest.mark.parametrize(
    "order",
    [
        ("leads", "CREATED_AT", "DESC"),
        ("leads", "UPDATED_AT", "ASC"),
        ("bookings", "START_AT", "ASC"),
        ("bookings", "CREATED_AT", "DESC"),
    ],
)
async def test_a_list_is_the_whole_table_in_order_from_either_end(
    demo: Gateway, rows: Rows, order: tuple[str, str, str]
) -> None:
    root, by, direction = order
    wanted = await rows.fetch(f"SELECT id::text AS key FROM {root} ORDER BY {by} {direction}, id {direction}")
    given = f"orderBy: {{by: {by}, direction: {direction}}}"
    assert keys(await walk(demo, root, "id key", given=given, size=100)) == [row[0] for row in wanted]
    assert keys(await walk(demo, root, "id key", given=given, size=97, backwards=True)) == [row[0] for row in wanted]


async def test_newest_come_first_and_twenty_where_nothing_is_said(demo: Gateway, rows: Rows) -> None:
    data = await demo.data("{ leads { nodes { key } } bookings { nodes { key } } }")
    leads = await rows.fetch("SELECT id::text AS key FROM leads ORDER BY created_at DESC, id DESC LIMIT 20")
    bookings = await rows.fetch("SELECT id::text AS key FROM bookings ORDER BY start_at DESC, id DESC LIMIT 20")
    assert keys(data["leads"]["nodes"]) == [row["key"] for row in leads]
    assert keys(data["bookings"]["nodes"]) == [row["key"] for row in bookings]


STATUSES = [
    *(("leads", *each) for each in LEAD_WORDS.items()),
    *(("bookings", *each) for each in BOOKING_WORDS.items()),
]


@pytest.mark.parametrize(("root", "status", "words"), STATUSES)
async def test_a_status_is_every_word_that_means_it(
    demo: Gateway, rows: Rows, root: str, status: str, words: str
) -> None:
    found = await walk(demo, root, "id key status storeStatus", given=f"filter: {{status: [{status}]}}", size=100)
    wanted = await rows.fetch(f"SELECT id::text FROM {root} WHERE status = ANY($1)", words.split(","))
    assert {one["status"] for one in found} == {status}
    assert set(keys(found)) == {row[0] for row in wanted}


@pytest.mark.parametrize(("root", "mapped"), [("leads", LEAD_WORDS), ("bookings", BOOKING_WORDS)])
async def test_unknown_is_every_word_that_means_nothing(
    demo: Gateway, rows: Rows, root: str, mapped: dict[str, str]
) -> None:
    words = ",".join(mapped.values()).split(",")
    wanted = {row[0] for row in await rows.fetch(f"SELECT id::text FROM {root} WHERE status <> ALL($1)", words)}
    assert wanted
    found = await walk(demo, root, "id key status storeStatus", given="filter: {status: [UNKNOWN]}")
    assert set(keys(found)) == wanted
    assert {one["status"] for one in found} == {"UNKNOWN"}
    assert {one["storeStatus"] for one in found}.isdisjoint(words)
    both = await walk(demo, root, "id key", given=f"filter: {{status: [UNKNOWN, {next(iter(mapped))}]}}", size=100)
    assert set(keys(both)) > wanted


@pytest.mark.parametrize("root", ["leads", "bookings", "customers"])
async def test_sources_are_words_of_the_store(demo: Gateway, rows: Rows, root: str) -> None:
    found = await walk(demo, root, "id source", given='filter: {source: ["web", "voice", "nobody"]}', size=100)
    wanted = await rows.fetchval(f"SELECT count(*) FROM {root} WHERE source IN ('web', 'voice')")
    assert {one["source"] for one in found} == {"web", "voice"}
    assert len(found) == wanted


@pytest.mark.parametrize("root", ["leads", "bookings", "customers"])
@pytest.mark.parametrize("source", ["[]", '["WEB"]', '[""]', r'["web\u0000"]'])
async def test_a_source_that_nobody_has_chooses_nothing(demo: Gateway, root: str, source: str) -> None:
    assert await walk(demo, root, "id", given=f"filter: {{source: {source}}}") == []


async def test_no_status_at_all_chooses_nothing(demo: Gateway) -> None:
    for root in ("leads", "bookings"):
        assert await walk(demo, root, "id", given="filter: {status: []}") == []


@pytest.mark.parametrize(
    ("root", "field", "column"),
    [
        ("leads", "createdIn", "created_at"),
        ("bookings", "createdIn", "created_at"),
        ("bookings", "startIn", "start_at"),
    ],
)
async def test_a_period_holds_its_start_and_not_its_end(
    demo: Gateway, rows: Rows, root: str, field: str, column: str
) -> None:
    start, end = await rows.fetchrow(
        f"SELECT (percentile_disc(0.4) WITHIN GROUP (ORDER BY {column})), max({column}) FROM {root}"
    )
    for from_, to in ((start, end), (start, None), (None, start), (start, start)):
        found = await walk(demo, root, "id key", given=f"filter: {{{field}: {period(from_, to)}}}", size=100)
        wanted = await rows.fetch(
            f"SELECT id::text FROM {root} WHERE tstzrange($1, $2) @> {column} AND $1 IS DISTINCT FROM $2", from_, to
        )
        assert set(keys(found)) == {row[0] for row in wanted}


def period(start: datetime | None, end: datetime | None) -> str:
    said = {"from": start, "to": end}
    return "{" + " ".join(f'{name}: "{at.isoformat()}"' for name, at in said.items() if at is not None) + "}"


async def test_filters_are_all_held_to_at_once(demo: Gateway, rows: Rows) -> None:
    start = await rows.fetchval("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at) FROM leads")
    given = f'filter: {{status: [WON, LOST], source: ["web"], createdIn: {period(start, None)}}}'
    wanted = await rows.fetch(
        "SELECT id::text FROM leads WHERE status IN ('won', 'lost', 'spam') AND source = 'web' AND created_at >= $1"
        " ORDER BY updated_at, id",
        start,
    )
    found = await walk(demo, "leads", "id key", given=f"{given}, orderBy: {{by: UPDATED_AT, direction: ASC}}", size=10)
    assert keys(found) == [row[0] for row in wanted]
    assert wanted


# ── the list of customers ──


@pytest.mark.parametrize("given", ["", "orderBy: {direction: ASC}", 'filter: {createdIn: {from: "2025-06-01"}}'])
async def test_customers_are_the_same_from_either_end(demo: Gateway, given: str) -> None:
    forwards = await walk(demo, "customers", "id createdAt", given=given, size=83)
    assert forwards == await walk(demo, "customers", "id createdAt", given=given, size=100, backwards=True)
    assert len({one["id"] for one in forwards}) == len(forwards)
    dates = [one["createdAt"] for one in forwards if one["createdAt"]]
    assert dates == sorted(dates, reverse="ASC" not in given)


async def test_each_customer_is_found_by_the_key_of_any_of_its_records(grocer: Gateway) -> None:
    for one in await walk(grocer, "customers", "id records { store key } linkage", **NORTH):
        for record in one["records"]:
            kind = record["store"].lower()
            by_key = f'customerBy(key: {{{kind}: "{record["key"]}"}}) {{ id linkage }}'
            id_ = encode_id("Customer", "north", record["key"], RecordKind[record["store"]])
            by_id = f'customer(id: "{id_}") {{ id linkage }} node(id: "{id_}") {{ id }}'
            data = await grocer.data(f"{{ {by_key} {by_id} }}", **NORTH)
            assert data["customerBy"] == data["customer"] == {"id": one["id"], "linkage": one["linkage"]}
            assert data["node"]["id"] == one["id"]


# ── one thing and what belongs to it ──


async def test_a_node_is_whatever_has_the_id(demo: Gateway) -> None:
    data = await demo.data(
        "{ customers(first: 1) { nodes { id } } leads(first: 1) { nodes { id } } bookings(first: 1) { nodes { id } } }"
    )
    ids = {root: page["nodes"][0]["id"] for root, page in data.items()}
    query = """query ($ids: [ID!]!, $id: ID!) {
      nodes(ids: $ids) { __typename id ... on Lead { key } ... on Booking { key } ... on Customer { name } }
      node(id: $id) { id }
    }"""
    asked = [ids["bookings"], ids["customers"], ids["leads"], ids["bookings"]]
    found = await demo.data(query, {"ids": asked, "id": ids["leads"]})
    assert [one["__typename"] for one in found["nodes"]] == ["Booking", "Customer", "Lead", "Booking"]
    assert [one["id"] for one in found["nodes"]] == asked
    assert found["node"] == {"id": ids["leads"]}


async def test_a_lead_says_all_that_its_row_says(demo: Gateway, rows: Rows) -> None:
    row = await rows.fetchrow(
        "SELECT *, id::text AS key FROM leads WHERE name IS NOT NULL AND next_follow_up_at IS NOT NULL LIMIT 1"
    )
    query = """query ($id: ID!) { lead(id: $id) { key name email phone source service storeStatus notes contactAttempts
      nextFollowUpAt createdAt updatedAt customer { id } } }"""
    lead = (await demo.data(query, {"id": encode_id("Lead", None, row["key"])}))["lead"]
    assert lead.pop("customer") == {"id": encode_id("Customer", None, str(row["customer_id"]), RecordKind.CRM)}
    for field, column in (
        ("nextFollowUpAt", "next_follow_up_at"),
        ("createdAt", "created_at"),
        ("updatedAt", "updated_at"),
    ):
        assert datetime.fromisoformat(lead.pop(field)) == row[column]
    assert lead.pop("storeStatus") == row["status"]
    assert lead.pop("contactAttempts") == row["contact_attempts"]
    assert lead == {name: row[name] for name in ("key", "name", "email", "phone", "source", "service", "notes")}


async def test_a_booking_says_all_that_its_row_says(demo: Gateway, rows: Rows) -> None:
    row = await rows.fetchrow("SELECT *, id::text AS key FROM bookings WHERE payment_status = 'paid' LIMIT 1")
    query = """query ($id: ID!) { booking(id: $id) { key code storeStatus service location staff source note
      paymentStatus paid amount { amount currency } startAt endAt createdAt customer { id } lead { key } } }"""
    booking = (await demo.data(query, {"id": encode_id("Booking", None, row["key"])}))["booking"]
    assert booking.pop("customer") == {"id": encode_id("Customer", None, str(row["customer_id"]), RecordKind.CRM)}
    assert booking.pop("lead") == {"key": str(row["lead_id"])}
    assert booking.pop("amount") == {"amount": str(row["price"]), "currency": "EUR"}
    start, end = (datetime.fromisoformat(booking.pop(field)) for field in ("startAt", "endAt"))
    assert (start, (end - start).total_seconds()) == (row["start_at"], row["minutes"] * 60)
    assert datetime.fromisoformat(booking.pop("createdAt")) == row["created_at"]
    assert (booking.pop("paymentStatus"), booking.pop("paid")) == ("paid", True)
    assert (booking.pop("storeStatus"), booking.pop("location")) == (row["status"], row["area"])
    assert booking == {name: row[name] for name in ("key", "code", "service", "staff", "source", "note")}


async def test_whose_leads_and_bookings_are_is_said_both_ways(demo: Gateway) -> None:
    query = """{ customers(first: 40) { nodes { id
      leads(first: 100) { totalCount nodes { id customer { id } } } totalLeads
      bookings(first: 100) { totalCount nodes { id customer { id } lead { customer { id } } } } totalBookings
    } } }"""
    customers = (await demo.data(query))["customers"]["nodes"]
    assert any(one["totalBookings"] for one in customers)
    for one in customers:
        assert {lead["customer"]["id"] for lead in one["leads"]["nodes"]} <= {one["id"]}
        assert {booking["customer"]["id"] for booking in one["bookings"]["nodes"]} <= {one["id"]}
        assert {booking["lead"]["customer"]["id"] for booking in one["bookings"]["nodes"]} <= {one["id"]}
        assert len(one["leads"]["nodes"]) == one["leads"]["totalCount"] == one["totalLeads"]
        assert len(one["bookings"]["nodes"]) == one["bookings"]["totalCount"] == one["totalBookings"]


async def test_a_customers_own_leads_are_paged_and_filtered_like_all_leads(demo: Gateway, rows: Rows) -> None:
    owner = await rows.fetchval(
        "SELECT customer_id FROM leads GROUP BY 1 HAVING customer_id > 0 ORDER BY count(*) DESC LIMIT 1"
    )
    wanted = await rows.fetch(
        "SELECT id::text AS key FROM leads WHERE customer_id = $1 ORDER BY created_at DESC, id DESC", owner
    )
    query = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { customer(id: $id) {
      leads(first: $first, after: $after, last: $last, before: $before) {
        nodes { key } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
      lost: leads(filter: {status: [LOST]}) { totalCount nodes { status } }
    } }"""
    id_ = encode_id("Customer", None, str(owner), RecordKind.CRM)
    for count, cursor, end, more in (FORWARDS, BACKWARDS):
        found: list[str] = []
        at = None
        while True:
            customer = (await demo.data(query, {"id": id_, count: 3, cursor: at}))["customer"]
            page = keys(customer["leads"]["nodes"])
            found = found + page if count == "first" else page + found
            assert customer["lost"]["totalCount"] == len(customer["lost"]["nodes"])
            at = customer["leads"]["pageInfo"][end]
            if not customer["leads"]["pageInfo"][more]:
                break
        assert found == [row[0] for row in wanted]


async def test_revenue_is_what_was_accepted_in_the_period(demo: Gateway, rows: Rows) -> None:
    middle = await rows.fetchval("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY accepted_at) FROM quotes")
    query = f"""{{ customers(first: 100) {{ nodes {{ records {{ key }}
      totalRevenue {{ amount currency }} all: revenue {{ ...Sum }}
      early: revenue(period: {period(None, middle)}) {{ ...Sum }}
      late: revenue(period: {period(middle, None)}) {{ ...Sum }}
    }} }} }}
    fragment Sum on Revenue {{ total {{ amount }} count average {{ amount }} otherCurrencies {{ currency }} }}"""
    customers = (await demo.data(query))["customers"]["nodes"]
    for one in customers:
        key = one["records"][0]["key"]
        accepted = await rows.fetch(
            "SELECT total, accepted_at < $2 AS early FROM quotes WHERE customer_id::text = $1 AND status = 'accepted'",
            key,
            middle,
        )
        for name, totals in (
            ("all", [row["total"] for row in accepted]),
            ("early", [row["total"] for row in accepted if row["early"]]),
            ("late", [row["total"] for row in accepted if not row["early"]]),
        ):
            said = one[name]
            assert (Decimal(said["total"]["amount"]), said["count"]) == (sum(totals), len(totals))
            assert (said["average"] is None) is not bool(totals)
            assert said["otherCurrencies"] == []
        assert one["totalRevenue"] == {"amount": one["all"]["total"]["amount"], "currency": "EUR"}


# ── what is not there ──


async def test_what_a_customer_has_not_is_null_or_nothing(grocer: Gateway) -> None:
    fields = """name email phone status source area account { key } delivery { key } totalLeads totalBookings
      totalRevenue { amount } leads { totalCount nodes { id } pageInfo { hasNextPage startCursor endCursor } }
      bookings { totalCount nodes { id } } revenue { total { amount } count average { amount } }"""
    crm, only = 'customerBy(key: {crm: "8"})', 'customerBy(key: {delivery: "D14"})'
    data = await grocer.data(f"{{ crm: {crm} {{ {fields} }} only: {only} {{ {fields} }} }}", **NORTH)
    nothing = {
        "phone": None,
        "account": None,
        "totalLeads": 0,
        "totalBookings": 0,
        "totalRevenue": {"amount": "0.00"},
        "leads": {
            "totalCount": 0,
            "nodes": [],
            "pageInfo": {"hasNextPage": False, "startCursor": None, "endCursor": None},
        },
        "bookings": {"totalCount": 0, "nodes": []},
        "revenue": {"total": {"amount": "0.00"}, "count": 0, "average": None},
    }
    of_crm = {
        "name": "Eight",
        "email": "eight@grocer.example",
        "status": None,
        "source": "web",
        "area": None,
        "delivery": None,
    }
    of_only = {
        "name": "Delivery D14",
        "email": None,
        "status": "ACTIVE",
        "source": None,
        "area": "A",
        "delivery": {"key": "D14"},
    }
    assert data == {"crm": nothing | of_crm, "only": nothing | of_only}


async def test_what_the_profile_does_not_map_is_null_without_error(grocer: Gateway) -> None:
    data = await grocer.data(
        """{ leads(first: 1) { nodes { name email phone service notes updatedAt nextFollowUpAt contactAttempts } }
             bookings(first: 1) { nodes { code endAt service location staff source amount { amount } paymentStatus paid
               note lead { id } } } }""",
        **NORTH,
    )
    for page in data.values():
        assert set(page["nodes"][0].values()) == {None}


async def test_an_account_and_a_delivery_record_say_what_they_are(grocer: Gateway) -> None:
    query = """{ customerBy(key: {crm: "1"}) { firstSeenAt createdAt
      account { key email phone isActive canLogIn emailIsPlaceholder } delivery { key address area status }
      records { store key name email phone createdAt } } }"""
    one = (await grocer.data(query, **NORTH))["customerBy"]
    assert one["account"] == {
        "key": "A1",
        "email": "a1@north.example",
        "phone": None,
        "isActive": True,
        "canLogIn": True,
        "emailIsPlaceholder": False,
    }
    assert one["delivery"] == {"key": "D1", "address": "D1 Street", "area": "A", "status": "ACTIVE"}
    assert [(record["store"], record["key"], record["name"]) for record in one["records"]] == [
        ("CRM", "1", "One"),
        ("ACCOUNT", "A1", "Account A1"),
        ("DELIVERY", "D1", "Delivery D1"),
    ]
    assert (one["createdAt"], one["firstSeenAt"]) == ("2025-01-10T00:00:00+00:00", "2024-01-01T00:00:00+00:00")
