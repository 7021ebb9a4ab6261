"""Dashboards of the six stores, through HTTP: what they must show, and what cannot be asked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.answers import codes
from tests.loading import EXPECTED, existing_store, expected_tenants, fill_mongo, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

ALL = """
  customers {
    total inCrm accounts deliveryProfiles linked active created new
    bySource { source count } bySegment { segment count }
  }
  leads { total byStatus { status count } bySource { source count } followUpsDue }
  bookings { total byStatus { status count } awaiting conversionRate noShowRate }
  revenue { amount currency } unattributedRevenue { amount } otherCurrencies { amount currency }
  series(interval: MONTH) { start location bookings newCustomers leads revenue { amount } }
  topCustomers { name totalRevenue { amount } }
"""
DASHBOARD = (
    f"query ($period: Period, $location: String) {{ dashboard(period: $period, location: $location) {{ {ALL} }} }}"
)


@pytest.fixture(scope="module")
async def stores(servers: Servers) -> AsyncIterator[dict[str, Gateway]]:
    found: dict[str, Gateway] = {}
    names = ("renos", "bikes", "salon", "platform", "delivery", "grocer")
    async with (
        running(await existing_store(servers, names[0], "board_renos")) as found["renos"],
        running(await existing_store(servers, names[1], "board_bikes")) as found["bikes"],
        running(await existing_store(servers, names[2], "board_salon")) as found["salon"],
        running(await existing_store(servers, names[3], "board_platform")) as found["platform"],
        running(await existing_store(servers, names[4], "board_delivery")) as found["delivery"],
        running(await existing_store(servers, names[5], "board_grocer")) as found["grocer"],
    ):
        yield found


async def board(gateway: Gateway, tenant: str | None = None, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.data(DASHBOARD, variables, tenant=tenant))["dashboard"]
    return found


def counted(rows: list[dict[str, Any]], by: str) -> dict[str | None, int]:
    return {row[by]: row["count"] for row in rows if row["count"]}


async def test_renos(stores: dict[str, Gateway]) -> None:
    found, said = await board(stores["renos"]), EXPECTED["renos"]["dashboard"]
    assert found["bookings"]["awaiting"] == said["bookingsAwaiting"]
    assert found["revenue"] == {"amount": said["revenue"], "currency": EXPECTED["renos"]["currency"]}
    assert found["unattributedRevenue"] == {"amount": said["unattributedRevenue"]}
    assert found["leads"]["total"] == sum(one["totalLeads"] for one in EXPECTED["renos"]["customers"].values()) + 4
    tops = [one["totalRevenue"]["amount"] for one in found["topCustomers"]]
    assert tops == ["48004.80", "0.30"], "whoever brought nothing is no top customer"


async def test_bikes(stores: dict[str, Gateway]) -> None:
    found, said = await board(stores["bikes"]), EXPECTED["bikes"]
    assert found["bookings"]["conversionRate"] == said["conversionRate"]
    assert found["bookings"]["awaiting"] == said["awaitingManager"]
    assert counted(found["leads"]["byStatus"], "status")["UNKNOWN"] == 1
    assert found["topCustomers"][0]["name"] == next(iter(said["customersByRevenue"]))


@pytest.mark.parametrize("tenant", expected_tenants("salon"))
async def test_salon(stores: dict[str, Gateway], tenant: str) -> None:
    """A day is New York's: the first booking on the 16th in UTC is of the 15th there."""
    said = {day: counts[tenant] for day, counts in EXPECTED["salon"]["newCustomersOn"].items()}
    query = """{ dashboard(period: {from: "2026-02-15T05:00:00Z", to: "2026-02-17T05:00:00Z"}) {
      series { start newCustomers } customers { new }
    } }"""
    found = (await stores["salon"].data(query, tenant=tenant))["dashboard"]
    assert {point["start"]: point["newCustomers"] for point in found["series"]} == said
    assert found["customers"] == {"new": sum(said.values())}


@pytest.mark.parametrize("tenant", expected_tenants("platform"))
async def test_platform(stores: dict[str, Gateway], tenant: str) -> None:
    said = EXPECTED["platform"]["tenants"][tenant]
    found = await board(stores["platform"], tenant)
    customers = found["customers"]
    assert (customers["total"], customers["active"]) == (said["customers"], said["active"])
    assert (found["leads"]["total"], found["bookings"]["total"]) == (said["leads"], said["bookings"])
    assert found["revenue"] == {"amount": said["dashboardRevenue"], "currency": "EUR"}
    assert found["unattributedRevenue"] == {"amount": said.get("unattributedRevenue", "0.00")}
    ordered = sorted(said.get("byName", {}).items(), key=lambda one: -float(one[1]["totalRevenue"]))
    assert [one["name"] for one in found["topCustomers"]][: len(ordered)] == [
        name for name, one in ordered if float(one["totalRevenue"])
    ]


async def test_delivery(stores: dict[str, Gateway]) -> None:
    """A store without CRM has customers, and nothing else that a dashboard shows."""
    found, said = await board(stores["delivery"]), EXPECTED["delivery"]["linkage"]
    assert found["customers"] == {
        "total": said["uniqueCustomers"],
        "inCrm": None,
        "accounts": said["accounts"],
        "deliveryProfiles": said["deliveryProfiles"],
        "linked": said["linkedAccounts"],
        "active": 5,
        "created": said["uniqueCustomers"],
        "new": None,
        "bySource": None,
        "bySegment": None,
    }
    assert {value for name, value in found.items() if name != "customers"} == {None}


@pytest.mark.parametrize("tenant", expected_tenants("grocer"))
async def test_grocer(stores: dict[str, Gateway], tenant: str) -> None:
    """Customers of all stores are counted once, also by segment and source."""
    said = EXPECTED["grocer"]["tenants"][tenant]
    found = (await board(stores["grocer"], tenant))["customers"]
    assert found["total"] == found["created"] == len(said["customers"])
    assert found["linked"] == sum(len(one["records"]) > 1 for one in said["customers"])
    assert sum(one["count"] for one in found["bySegment"]) == len(said["customers"])
    assert sum(one["count"] for one in found["bySource"]) == len(said["customers"])
    beyond = sum(not one["records"][0].isdigit() for one in said["customers"])
    assert counted(found["bySource"], "source").get(None, 0) == beyond


# ── what is asked ──


async def test_a_period_holds_its_start_and_not_its_end(stores: dict[str, Gateway]) -> None:
    tenant, start = expected_tenants("salon")[0], "2026-02-15T10:00:00Z"
    for period, total in (
        ({"from": start, "to": "2026-02-15T12:00:00Z"}, 1),
        ({"from": start, "to": start}, 0),
        ({"to": start}, 2),
        ({"from": start}, 5),
        ({}, 7),
    ):
        found = await board(stores["salon"], tenant, period=period)
        assert found["bookings"]["total"] == total, period


async def test_nothing_in_a_period_is_zeros_and_nulls(stores: dict[str, Gateway]) -> None:
    found = await board(stores["platform"], expected_tenants("platform")[0], period={"to": "1990-01-01T00:00:00Z"})
    assert found["bookings"] == {
        "total": 0,
        "byStatus": [{"status": one, "count": 0} for one in ("CONFIRMED", "COMPLETED", "CANCELLED", "NO_SHOW")],
        "awaiting": 0,
        "conversionRate": None,
        "noShowRate": None,
    }
    assert (found["leads"]["total"], found["leads"]["bySource"], found["leads"]["followUpsDue"]) == (0, [], 0)
    assert found["revenue"]["amount"] == found["unattributedRevenue"]["amount"] == "0.00"
    assert (found["customers"]["created"], found["customers"]["new"]) == (0, 0)
    assert (found["series"], found["topCustomers"], found["otherCurrencies"]) == ([], [], [])


async def test_a_location_narrows_what_has_one(stores: dict[str, Gateway]) -> None:
    tenant = expected_tenants("salon")[0]
    found = await board(stores["salon"], tenant, location="LOC-B")
    assert (found["bookings"]["total"], found["customers"]["new"]) == (2, 1)
    assert {name for name, value in found.items() if value is None} == {
        *("leads", "revenue", "unattributedRevenue", "otherCurrencies", "topCustomers"),
    }
    assert {name for name, value in found["customers"].items() if value is not None} == {"new"}
    assert {(one["location"], one["leads"], one["revenue"]) for one in found["series"]} == {("LOC-B", None, None)}
    query = """{ dashboard { series(interval: MONTH, byLocation: true) { start location bookings newCustomers } } }"""
    points = (await stores["salon"].data(query, tenant=tenant))["dashboard"]["series"]
    assert [tuple(one.values()) for one in points if one["bookings"]] == [
        ("2025-11-01", "LOC-B", 1, 1),
        ("2026-01-01", "LOC-A", 1, 0),
        ("2026-02-01", "LOC-A", 4, 2),
        ("2026-03-01", "LOC-B", 1, 0),
    ]


@pytest.mark.parametrize("location", ["LOC-Z", "", "loc-a", "\x00", "x" * 100_000])
async def test_a_location_at_which_no_booking_is_is_refused(stores: dict[str, Gateway], location: str) -> None:
    tenant = expected_tenants("salon")[0]
    body = await stores["salon"].ask(DASHBOARD, {"location": location}, tenant=tenant)
    assert (body["data"], codes(body)) == ({"dashboard": None}, ["UNKNOWN_LOCATION"])
    assert codes(await stores["delivery"].ask(DASHBOARD, {"location": location})) == ["UNKNOWN_LOCATION"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('dashboard(period: {from: "2026-01-02", to: "2026-01-01"}) { leads { total } }', "BAD_INPUT"),
        ('dashboard(period: {from: "1026-01-01", to: "2026-01-01"}) { series { start } }', "TOO_MANY_POINTS"),
        ('dashboard(period: {from: "1026-01-01"}) { series { start bookings } }', "TOO_MANY_POINTS"),
        ("dashboard { topCustomers(first: 0) { id } }", "BAD_PAGE"),
        ("dashboard { topCustomers(first: -1) { id } }", "BAD_PAGE"),
        ("dashboard { topCustomers(first: 101) { id } }", "BAD_PAGE"),
    ],
)
async def test_what_cannot_be_meant_is_refused(stores: dict[str, Gateway], query: str, code: str) -> None:
    assert codes(await stores["bikes"].ask(f"{{ {query} }}")) == [code]


async def test_null_is_like_nothing_given(stores: dict[str, Gateway]) -> None:
    series = "{ start location bookings newCustomers leads revenue { amount } }"
    nulls = f"""{{ dashboard(period: null, location: null) {{
      series(interval: null, byLocation: null) {series} topCustomers(first: null) {{ name }}
    }} }}"""
    plain = f"{{ dashboard {{ series {series} topCustomers {{ name }} }} }}"
    empty = plain.replace("dashboard", "dashboard(period: {from: null, to: null})")
    found = [await stores["bikes"].data(query) for query in (nulls, plain, empty)]
    assert found[0] == found[1] == found[2]
    assert found[0]["dashboard"]["series"]


async def test_no_data_at_all_are_zeros_and_nulls(servers: Servers) -> None:
    """Given tables and collections with nothing in them."""
    settings = await existing_store(servers, "grocer", "board_empty")
    assert settings.postgres_url is not None
    assert settings.mongo_url is not None
    await run_sql(settings.postgres_url, "TRUNCATE customers, leads, bookings, quotes")
    fill_mongo(settings.mongo_url, {"users": [], "customers_v2": []})
    async with running(settings) as gateway:
        found = await board(gateway, "north")
        lists = "{ customers { totalCount nodes { id } } leads { totalCount nodes { id } } bookings { totalCount } }"
        listed = await gateway.data(lists, tenant="north")
    customers, leads, bookings = found.pop("customers"), found.pop("leads"), found.pop("bookings")
    assert {name: value for name, value in customers.items() if value != 0} == {
        "bySource": [],
        "bySegment": [{"segment": one, "count": 0} for one in ("PROSPECT", "NEW", "ACTIVE", "AT_RISK", "LAPSED")],
    }
    assert (leads["total"], leads["bySource"], leads["followUpsDue"]) == (0, [], None)
    assert {one["count"] for one in (*leads["byStatus"], *bookings["byStatus"])} == {0}
    assert (bookings["total"], bookings["awaiting"]) == (0, 0)
    assert (bookings["conversionRate"], bookings["noShowRate"]) == (None, None)
    nothing = {"amount": "0.00"}
    assert found == {
        "revenue": {**nothing, "currency": "EUR"},
        "unattributedRevenue": nothing,
        **{name: [] for name in ("otherCurrencies", "series", "topCustomers")},
    }
    empty = {"totalCount": 0, "nodes": []}
    assert listed == {"customers": empty, "leads": empty, "bookings": {"totalCount": 0}}


async def test_a_thousand_years_by_month_are_too_many_only_where_they_are_long(stores: dict[str, Gateway]) -> None:
    query = '{ dashboard(period: {from: "2000-01-01", to: "2026-01-01"}) { series(interval: MONTH) { start } } }'
    assert len((await stores["bikes"].data(query))["dashboard"]["series"]) == 26 * 12
