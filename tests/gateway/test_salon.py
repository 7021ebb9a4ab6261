"""The store `salon`, through HTTP: many organizations, money in cents, no leads."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from tests.answers import codes
from tests.loading import EXPECTED, existing_store, expected_tenants
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["salon"]
TENANTS = expected_tenants("salon")
CUSTOMERS = """{ customers { totalCount nodes {
  name records { key } totalLeads leads { totalCount } totalBookings totalRevenue { amount currency }
  revenue { average { amount } otherCurrencies { amount currency } }
  analytics { acceptedBookings noShows firstBookingAt averageTicket { amount } isReferrer }
  bookings(last: 9, orderBy: {by: START_AT}) { totalCount nodes { status startAt location service note } }
} } }"""


@pytest.fixture(scope="module")
async def salon(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await existing_store(without_mongo, "salon")) as gateway:
        yield gateway


@pytest.mark.parametrize("tenant", TENANTS)
async def test_each_organization_has_its_own_customers(salon: Gateway, tenant: str) -> None:
    found = (await salon.data(CUSTOMERS, tenant=tenant))["customers"]
    expected = STORE["tenants"][tenant]
    assert found["totalCount"] == len(expected)
    by_key = {one["records"][0]["key"]: one for one in found["nodes"]}
    assert by_key.keys() == expected.keys()
    for key, said in expected.items():
        one = by_key[key]
        assert one["name"] == said["name"]
        assert one["totalBookings"] == one["bookings"]["totalCount"] == said["totalBookings"]
        assert one["totalRevenue"] == {"amount": said["totalRevenue"], "currency": STORE["currency"]}
        assert (one["totalLeads"], one["leads"]) == (None, None)
        others = [f"{money['amount']} {money['currency']}" for money in one["revenue"]["otherCurrencies"]]
        assert others == said.get("otherCurrencies", [])
        analytics = one["analytics"]
        for field in ("acceptedBookings", "noShows", "firstBookingAt", "isReferrer"):
            assert analytics[field] == said[field], field
        if "averageTicket" in said:
            assert analytics["averageTicket"] == {"amount": said["averageTicket"]}
            assert one["revenue"]["average"] == {"amount": said["averageTicket"]}
        statuses = [booking["status"] for booking in one["bookings"]["nodes"]]
        assert statuses.count("CONFIRMED") == said["acceptedBookings"]
        assert statuses.count("NO_SHOW") == said["noShows"]


async def test_a_customer_is_seen_by_its_bookings_in_one_statement_a_table(salon: Gateway) -> None:
    query = """{ customerBy(key: {crm: "SQ1"}) {
      totalBookings totalRevenue { amount } lastContactAt
      revenue { total { amount } byMonth { month total { amount } count } }
      january: revenue(period: {from: "2026-01-01T05:00:00Z", to: "2026-02-01T05:00:00Z"}) { count byMonth { month } }
      analytics {
        segment firstBookingAt lastBookingAt acceptedBookings cancelledBookings noShows noShowRate
        averageTicket { amount } favoriteServices { service bookings } bookingNotes { at text } isReferrer
      }
    } }"""
    found = (await salon.data(query, tenant=TENANTS[0]))["customerBy"]
    assert found.pop("analytics") == {
        "segment": "LAPSED",
        "firstBookingAt": "2026-02-15T10:00:00+00:00",
        "lastBookingAt": "2026-02-15T10:00:00+00:00",
        "acceptedBookings": 1,
        "cancelledBookings": 1,
        "noShows": 1,
        "noShowRate": 0.5,
        "averageTicket": {"amount": "80.25"},
        "favoriteServices": [{"service": "Balayage", "bookings": 1}],
        "bookingNotes": [{"at": "2026-02-15T10:00:00+00:00", "text": "sensitive scalp"}],
        "isReferrer": False,
    }
    assert found == {
        "totalBookings": 3,
        "totalRevenue": {"amount": "160.50"},
        "lastContactAt": "2026-02-20T10:00:00+00:00",
        "revenue": {
            "total": {"amount": "160.50"},
            "byMonth": [{"month": "2026-02-01", "total": {"amount": "160.50"}, "count": 2}],
        },
        "january": {"count": 0, "byMonth": []},
    }
    asked = (await salon.explained(query, tenant=TENANTS[0]))["postgres"]
    once = ("customers_by_record", "booking_stats_by_customer", "favorite_services_by_customer")
    assert asked["batches"] == dict.fromkeys(
        (*once, "booking_notes_by_customer", "referrers_by_customer", "revenue_by_customer"), 1
    )
    assert asked["statements"] == 7, "two statements for two periods of revenue, and one for everything else"


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_list_that_is_not_paged_has_its_limits_too(salon: Gateway, first: int) -> None:
    for field in ("favoriteServices", "bookingNotes"):
        chosen = f"{field}(first: {first}) {{ __typename }}"
        body = await salon.ask(
            f'{{ customerBy(key: {{crm: "SQ1"}}) {{ analytics {{ {chosen} }} }} }}', tenant=TENANTS[0]
        )
        assert codes(body) == ["BAD_PAGE"]
        assert body["data"]["customerBy"]["analytics"][field] is None


async def test_what_only_the_other_organization_has_is_not_there(salon: Gateway) -> None:
    query = '{ customerBy(key: {crm: "SQ3"}) { name } bookingBy(key: {key: "bk1"}) { key } }'
    assert await salon.data(query, tenant=TENANTS[1]) == {"customerBy": None, "bookingBy": None}
    assert (await salon.data(query, tenant=TENANTS[0]))["bookingBy"] == {"key": "bk1"}


async def test_a_platform_admin_names_the_organization(salon: Gateway) -> None:
    admin: dict[str, Any] = {"roles": [Role.PLATFORM_ADMIN]}
    query = "{ customers { totalCount } }"
    assert codes(await salon.ask(query, **admin)) == ["TENANT_REQUIRED"]
    for tenant in TENANTS:
        found = await salon.data(query, headers={"X-Tenant": tenant}, **admin)
        assert found["customers"]["totalCount"] == len(STORE["tenants"][tenant])


async def test_a_store_that_lists_no_tenants_says_so(salon: Gateway) -> None:
    assert await salon.data("{ tenants { key } }", roles=[Role.PLATFORM_ADMIN]) == {"tenants": None}
