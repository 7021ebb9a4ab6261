"""The store `platform`, through HTTP: tenants that are listed, ids at outside providers, amounts as text."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from tests.answers import codes
from tests.loading import EXPECTED, existing_store, expected_tenants, run_sql
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


BY_EXTERNAL = "query ($key: ExternalKey!) { customerBy(key: {external: $key}) { name } }"


async def test_a_customer_is_found_by_what_a_provider_calls_it(platform: Gateway) -> None:
    for provider, number, name in (("phorest", "PH-1", "Aya"), ("fresha", "FR-1", "Aya"), ("phorest", "PH-2", "Bo")):
        key = {"provider": provider, "externalId": number}
        assert (await platform.data(BY_EXTERNAL, {"key": key}, tenant=TENANTS[0]))["customerBy"] == {"name": name}
        assert (await platform.data(BY_EXTERNAL, {"key": key}, tenant=TENANTS[1]))["customerBy"] is None
    for provider, number in (
        ("phorest", "FR-1"),
        ("phorest", ""),
        ("", "PH-1"),
        ("phorest", "\0"),
        ("phorest", "ph-1"),
    ):
        key = {"provider": provider, "externalId": number}
        assert (await platform.data(BY_EXTERNAL, {"key": key}, tenant=TENANTS[0]))["customerBy"] is None


async def test_many_are_looked_up_at_once(platform: Gateway) -> None:
    aliases = " ".join(
        f'a{n}: customerBy(key: {{external: {{provider: "phorest", externalId: "PH-{n}"}}}}) {{ name }}'
        for n in range(5)
    )
    explained = await platform.explained(f"{{ {aliases} }}", tenant=TENANTS[0])
    assert explained["postgres"]["batches"] == {"customers_by_external_id": 1, "customers_by_record": 1}
    assert explained["postgres"]["statements"] == 2


async def test_an_id_of_several_customers_means_none_of_them(servers: Servers) -> None:
    settings = await existing_store(servers, "platform", "platform_twice")
    await run_sql(
        str(settings.postgres_url),
        "CREATE TABLE mappings AS TABLE client_service_mappings",
        "DROP TABLE client_service_mappings",
        "ALTER TABLE mappings RENAME TO client_service_mappings",
        "UPDATE client_service_mappings SET external_client_id = 'PH-1' WHERE external_client_id = 'PH-2'",
    )
    key = {"provider": "phorest", "externalId": "PH-1"}
    async with running(settings) as gateway:
        body = await gateway.ask(BY_EXTERNAL, {"key": key}, tenant=TENANTS[0])
        assert (body["data"], codes(body)) == ({"customerBy": None}, ["AMBIGUOUS"])


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
        *("CUSTOMERS", "LEADS", "BOOKINGS", "REVENUE", "EXTERNAL_ACCOUNTS", "TENANTS", "NOTES"),
    }
