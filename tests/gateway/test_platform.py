"""The store `platform`, through HTTP: tenants that are listed, ids at outside providers, amounts as text."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from tests.loading import EXPECTED, existing_store, expected_tenants
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["platform"]
TENANTS = expected_tenants("platform")
LISTS = """{
  customers { totalCount nodes {
    name status source totalLeads totalBookings totalRevenue { amount currency }
    externalAccounts { provider externalId branch }
  } }
  bookings { totalCount } leads { totalCount nodes { name status contactAttempts nextFollowUpAt customer { name } } }
}"""


@pytest.fixture(scope="module")
async def platform(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await existing_store(without_mongo, "platform")) as gateway:
        yield gateway


@pytest.mark.parametrize("tenant", TENANTS)
async def test_each_tenant_has_its_own_lists(platform: Gateway, tenant: str) -> None:
    found = await platform.data(LISTS, tenant=tenant)
    expected = STORE["tenants"][tenant]
    for name in ("customers", "bookings", "leads"):
        assert found[name]["totalCount"] == expected[name]
    statuses = [one["status"] for one in found["customers"]["nodes"]]
    assert statuses.count("ACTIVE") == expected["active"]
    for one in found["customers"]["nodes"]:
        said = expected.get("byName", {}).get(one["name"])
        if said is None:
            continue
        assert (one["totalLeads"], one["totalBookings"]) == (said["totalLeads"], said["totalBookings"])
        assert one["totalRevenue"] == {"amount": said["totalRevenue"], "currency": STORE["currency"]}
        accounts = [f"{account['provider']}:{account['externalId']}" for account in one["externalAccounts"]]
        assert accounts == said["externalAccounts"]


async def test_an_outside_account_may_name_its_branch(platform: Gateway) -> None:
    found = (await platform.data(LISTS, tenant=TENANTS[0]))["customers"]["nodes"]
    aya = next(one for one in found if one["name"] == "Aya")
    assert aya["externalAccounts"] == [
        {"provider": "fresha", "externalId": "FR-1", "branch": None},
        {"provider": "phorest", "externalId": "PH-1", "branch": "dublin"},
    ]


async def test_a_lead_is_attached_when_it_converts(platform: Gateway) -> None:
    found = (await platform.data(LISTS, tenant=TENANTS[0]))["leads"]["nodes"]
    assert [(one["name"], one["status"], one["customer"]) for one in found] == [
        ("Hal", "NEW", None),
        ("Gus", "CONTACTED", None),
        ("Aya", "WON", {"name": "Aya"}),
    ]
    assert [(one["contactAttempts"], one["nextFollowUpAt"]) for one in found] == [
        (0, None),
        (1, "2026-11-25T00:00:00+00:00"),
        (3, None),
    ]


async def test_a_booking_says_what_it_costs_and_how_that_stands(platform: Gateway) -> None:
    query = """{ bookings(last: 2) { nodes {
      amount { amount currency } paymentStatus paid status service staff source startAt endAt customer { name }
    } } }"""
    found = (await platform.data(query, tenant=TENANTS[0]))["bookings"]["nodes"]
    assert found == [
        {
            "amount": {"amount": "27.00", "currency": "EUR"},
            "paymentStatus": "paid",
            "paid": True,
            "status": "COMPLETED",
            "service": "Nails",
            "staff": "Uma",
            "source": "whatsapp",
            "startAt": "2026-09-26T10:00:00+00:00",
            "endAt": "2026-09-26T11:00:00+00:00",
            "customer": {"name": "Cleo"},
        },
        {
            "amount": {"amount": "26.00", "currency": "EUR"},
            "paymentStatus": "pending",
            "paid": False,
            "status": "CONFIRMED",
            "service": "Facial",
            "staff": "Vic",
            "source": "web",
            "startAt": "2026-09-23T10:00:00+00:00",
            "endAt": "2026-09-23T10:45:00+00:00",
            "customer": {"name": "Bo"},
        },
    ]


async def test_tenants_are_listed_for_whoever_looks_after_all(platform: Gateway) -> None:
    found = await platform.data("{ tenants { key name } stores { maps } }", roles=[Role.PLATFORM_ADMIN])
    assert found["tenants"] == [
        {"key": TENANTS[0], "name": "Spa Nord"},
        {"key": TENANTS[1], "name": "Nails South"},
    ]
    assert set(found["stores"][0]["maps"]) == {
        *("CUSTOMERS", "LEADS", "BOOKINGS", "REVENUE", "EXTERNAL_ACCOUNTS", "TENANTS"),
    }
