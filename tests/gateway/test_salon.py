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
        if "averageTicket" in said:
            assert one["revenue"]["average"] == {"amount": said["averageTicket"]}
        statuses = [booking["status"] for booking in one["bookings"]["nodes"]]
        assert statuses.count("CONFIRMED") == said["acceptedBookings"]
        assert statuses.count("NO_SHOW") == said["noShows"]


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
