"""Tables that write their tenant in types of their own, and money as PostgreSQL's `money`, read through leads."""

from collections.abc import AsyncIterator

import pytest

from tests.commanding import run_command
from tests.loading import make_database, run_sql
from tests.running import Gateway, running, secured
from tests.servers import Servers

PROFILE = """
store = { name = "mixed tenants", currency = "EUR" }
customer = { table = "customers", tenant = "shop", key = "id", created_at = "at" }
[lead]
table = "leads"
tenant = "shop"
key = "id"
customer = "customer"
created_at = "at"
status = { column = "status", words = { NEW = ["new"] } }
[booking]
table = "bookings"
tenant = "shop"
key = "id"
customer = { through = "lead", by = "lead" }
created_at = "at"
amount = "price"
status = { column = "status", words = { CONFIRMED = ["yes"] } }
[revenue]
table = "bookings"
tenant = "shop"
amount = "price"
at = "at"
customer = { through = "lead", by = "lead" }
"""


@pytest.fixture(scope="module")
async def mixed(without_mongo: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    url = await make_database(without_mongo, "mixed_tenants")
    await run_sql(
        url,
        "CREATE TABLE customers (shop bigint, id text, at timestamptz, PRIMARY KEY (shop, id))",
        "CREATE TABLE leads (shop int, id int, customer text, at timestamptz, status text, PRIMARY KEY (shop, id))",
        "CREATE TABLE bookings (shop text, id int, lead int, at timestamptz, status text, price money)",
        "INSERT INTO customers VALUES (1, 'A'), (2, 'A')",
        "INSERT INTO leads VALUES (1, 7, 'A', NULL, 'new'), (2, 7, 'A', NULL, 'new')",
        "INSERT INTO bookings VALUES ('1', 1, 7, '2026-01-01Z', 'yes', 1234.5), ('2', 2, 7, '2026-01-01Z', 'yes', -8)",
    )
    profile = tmp_path_factory.mktemp("mixed") / "profile.toml"
    profile.write_text(PROFILE)
    async with running(secured(profile=str(profile), postgres_url=url)) as gateway:
        yield gateway


@pytest.mark.parametrize(("tenant", "key", "amount"), [("1", "1", "1234.50"), ("2", "2", "-8.00")])
async def test_bookings_reach_the_customer_of_their_own_tenant(
    mixed: Gateway, tenant: str, key: str, amount: str
) -> None:
    query = """{ customers { nodes {
      totalBookings totalRevenue { amount } bookings { nodes { key amount { amount } customer { id } } } id
    } } }"""
    (found,) = (await mixed.data(query, tenant=tenant))["customers"]["nodes"]
    assert (found["totalBookings"], found["totalRevenue"]) == (1, {"amount": amount})
    assert found["bookings"]["nodes"] == [{"key": key, "amount": {"amount": amount}, "customer": {"id": found["id"]}}]


async def test_doctor_looks_through_leads_of_each_tenant(mixed: Gateway) -> None:
    ran = await run_command(mixed.settings, "doctor", "--all-tenants", "--json")
    assert ran.status == 1
    assert "orphaned-booking" not in ran.out
