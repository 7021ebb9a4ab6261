"""Two tenants whose rows have the same keys everywhere: nothing of one is ever told to the other."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.ids import encode_id
from tests.loading import fill_mongo, make_database, mongo_url, run_sql
from tests.running import Gateway, running, secured
from tests.servers import Servers

TENANTS = ("north", "south")
TABLES = """
CREATE TABLE customers (org text, id text, name text, at timestamptz NOT NULL, PRIMARY KEY (org, id));
CREATE TABLE outside (org text, customer text, provider text, number text);
CREATE TABLE leads (
    org text, id text, customer text, title text, status text, at timestamptz NOT NULL, PRIMARY KEY (org, id)
);
CREATE TABLE lead_changes (org text, lead text, word text, at timestamptz NOT NULL);
CREATE TABLE bookings (
    org text, id text, lead text, code text, token text, title text, status text, at timestamptz NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE TABLE booking_changes (
    org text, id int, booking text, word text, who text, at timestamptz NOT NULL, PRIMARY KEY (org, id)
);
CREATE TABLE parcels (org text, booking text, carrier text);
CREATE TABLE payments (org text, lead text, amount numeric, at timestamptz NOT NULL);
"""
ROWS = """
INSERT INTO customers VALUES ('{0}', 'K', '{0} customer', '2026-01-01Z');
INSERT INTO outside VALUES ('{0}', 'K', '{0} provider', '{0} number');
INSERT INTO leads VALUES ('{0}', 'K', 'K', '{0} lead', 'new', '2026-01-01Z');
INSERT INTO lead_changes VALUES ('{0}', 'K', '{0} word', '2026-01-01Z');
INSERT INTO bookings VALUES ('{0}', 'K', 'K', 'C', 'T', '{0} booking', 'open', '2026-01-01Z');
INSERT INTO booking_changes VALUES ('{0}', 1, 'K', '{0} word', '{0} person', '2026-01-01Z');
INSERT INTO parcels VALUES ('{0}', 'K', '{0} carrier');
INSERT INTO payments VALUES ('{0}', 'K', {1}, '2026-01-01Z');
"""
PROFILE = """
[store]
name = "apart"
currency = "EUR"

[customer]
table = "customers"
tenant = "org"
key = "id"
name = "name"
created_at = "at"
[customer.external]
table = "outside"
customer = "customer"
provider = "provider"
external_id = "number"

[lead]
table = "leads"
tenant = "org"
key = "id"
customer = "customer"
created_at = "at"
[lead.status]
column = "status"
words = { NEW = ["new"] }
[lead.snapshot]
title = "title"
[lead.history]
table = "lead_changes"
lead = "lead"
to = "word"
at = "at"

[booking]
table = "bookings"
tenant = "org"
key = "id"
customer = { through = "lead", by = "lead" }
lead = "lead"
code = "code"
tracking_token = "token"
created_at = "at"
[booking.status]
column = "status"
words = { CONFIRMED = ["open"] }
[booking.snapshot]
title = "title"
[booking.history]
table = "booking_changes"
booking = "booking"
to = "word"
at = "at"
by = "who"
[booking.shipments]
table = "parcels"
booking = "booking"
provider = "carrier"

[revenue]
table = "payments"
amount = "amount"
at = "at"
customer = { through = "lead", by = "lead" }

[account]
collection = "users"
tenant = "org"
key = "id"
name = "name"
links = { delivery = "delivery", crm = "crm" }
where = { role = ["customer"] }

[delivery]
collection = "deliveries"
tenant = "org"
key = "id"
name = "name"
courier = "courier"
links = { account = "account", crm = "crm" }

[courier]
collection = "users"
tenant = "org"
key = "id"
name = "name"
where = { role = ["courier"] }
"""
HISTORY = "history { totalCount nodes { to by subject { id ... on Lead { key } ... on Booking { key } } } }"
LEAD = f"id key snapshot {{ title }} {HISTORY}"
BOOKING = f"id key code snapshot {{ title }} shipments {{ provider }} {HISTORY}"
CUSTOMER = f"""
  id name records {{ store key name }} delivery {{ key courier {{ key name }} }}
  externalAccounts {{ provider externalId }}
  totalLeads totalBookings totalRevenue {{ amount }} revenue {{ count total {{ amount }} }}
  leads {{ totalCount nodes {{ {LEAD} customer {{ name }} }} }}
  bookings {{ totalCount nodes {{ {BOOKING} customer {{ name }} lead {{ {LEAD} }} }} }}
"""
EVERYTHING = f"""
  customers {{ totalCount nodes {{ {CUSTOMER} }} }} leads {{ totalCount nodes {{ {LEAD} customer {{ {CUSTOMER} }} }} }}
  bookings {{ totalCount nodes {{ {BOOKING} customer {{ {CUSTOMER} }} }} }} couriers {{ key name }}
  code: bookingBy(key: {{code: "C"}}) {{ {BOOKING} }} token: bookingBy(key: {{trackingToken: "T"}}) {{ {BOOKING} }}
  key: bookingBy(key: {{key: "K"}}) {{ {BOOKING} }}
  crm: customerBy(key: {{crm: "K"}}) {{ {CUSTOMER} }} account: customerBy(key: {{account: "K"}}) {{ {CUSTOMER} }}
  delivery: customerBy(key: {{delivery: "K"}}) {{ {CUSTOMER} }}
"""


def documents(tenant: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "users": [
            {"org": tenant, "id": "K", "role": "customer", "name": f"{tenant} account", "crm": "K", "delivery": "K"},
            {"org": tenant, "id": "V", "role": "courier", "name": f"{tenant} courier"},
        ],
        "deliveries": [
            {"org": tenant, "id": "K", "name": f"{tenant} delivery", "crm": "K", "account": "K", "courier": "V"}
        ],
    }


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("apart") / "profile.toml"
    path.write_text(PROFILE)
    return path


@pytest.fixture(scope="module")
async def apart(servers: Servers, profile: Path) -> AsyncIterator[Gateway]:
    postgres, mongo = await make_database(servers, "apart"), mongo_url(servers, "apart")
    await run_sql(postgres, TABLES, ROWS.format("north", 11), ROWS.format("south", 22))
    north, south = (documents(tenant) for tenant in TENANTS)
    fill_mongo(mongo, {name: [*north[name], *south[name]] for name in north})
    async with running(
        secured(profile=str(profile), postgres_url=postgres, mongo_url=mongo, max_cost=10**8)
    ) as gateway:
        yield gateway


@pytest.mark.parametrize(("tenant", "other"), [TENANTS, TENANTS[::-1]])
async def test_everything_that_is_told_is_of_the_own_tenant(apart: Gateway, tenant: str, other: str) -> None:
    answer = await apart.post(f"{{ {EVERYTHING} }}", tenant=tenant)
    assert "errors" not in answer.json()
    text = answer.text
    parts = ("customer", "account", "delivery", "courier", "provider", "number", "lead", "booking", "word", "carrier")
    own = [f"{tenant} {part}" for part in parts if part not in ("account", "delivery", "customer")]
    assert [word for word in [*own, f"{tenant} customer", f"{tenant} account"] if word not in text] == []
    assert other not in text
    data = answer.json()["data"]
    assert data["crm"] == data["account"] == data["delivery"] == data["customers"]["nodes"][0]
    assert data["crm"]["totalRevenue"]["amount"] == {"north": "11.00", "south": "22.00"}[tenant]
    assert [data["crm"][name] for name in ("totalLeads", "totalBookings")] == [1, 1]
    assert data["crm"]["leads"]["nodes"][0]["history"]["totalCount"] == 1
    for root in ("customers", "leads", "bookings"):
        assert data[root]["totalCount"] == 1


async def test_ids_and_cursors_of_another_tenant_lead_nowhere(apart: Gateway) -> None:
    ids = [encode_id(kind, "south", "K") for kind in ("Lead", "Booking")]
    assert (await apart.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, tenant="north")) == {
        "nodes": [None, None]
    }
    for root in ("lead", "booking"):
        query = f"{{ {root}s {{ nodes {{ history(first: 1%s) {{ pageInfo {{ endCursor }} nodes {{ to }} }} }} }} }}"
        page = (await apart.data(query % "", tenant="south"))[f"{root}s"]["nodes"][0]["history"]
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
        body = await apart.ask(query % after, tenant="north")
        assert body["data"][f"{root}s"]["nodes"][0]["history"] is None
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_CURSOR"]
