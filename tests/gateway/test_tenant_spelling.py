"""One tenant however it is spelt: a UUID in either case, a name in any script."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.access import Role
from tests.answers import codes, refusal
from tests.loading import fill_mongo, make_database, mongo_url, run_sql
from tests.running import Gateway, running, secured
from tests.servers import Servers

PROFILE = str(Path(__file__).parent / "uuid_tenants.toml")
NORTH, SOUTH = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
ADMIN: dict[str, Any] = {"roles": [Role.PLATFORM_ADMIN]}
#: The same tenant, as a token and X-Tenant may name it.
SPELLINGS: dict[str, dict[str, Any]] = {
    "a token in lower case": {"tenant": NORTH},
    "a token in upper case": {"tenant": NORTH.upper()},
    "a header in upper case": {**ADMIN, "headers": {"X-Tenant": NORTH.upper()}},
    "a header in both cases": {**ADMIN, "headers": {"X-Tenant": NORTH.capitalize()}},
    "a header unlike the token": {"tenant": NORTH, "headers": {"X-Tenant": NORTH.upper()}},
    "a token unlike the header": {"tenant": NORTH.upper(), "headers": {"X-Tenant": NORTH}},
}
CUSTOMERS = """{ customers { totalCount pageInfo { endCursor } nodes {
  id name account { key } leads { nodes { id } pageInfo { endCursor } }
} } }"""


@pytest.fixture(scope="module")
async def tenants(servers: Servers) -> AsyncIterator[Gateway]:
    """Serve two tenants with a CRM row, its lead and its account each, and an account of its own."""
    postgres, mongo = await make_database(servers, "uuid_tenants"), mongo_url(servers, "uuid_tenants")
    await run_sql(
        postgres,
        "CREATE TABLE customers (org uuid, id text, name text, created_at timestamptz, PRIMARY KEY (org, id))",
        "CREATE TABLE leads (org uuid, id text, customer_id text, status text, created_at timestamptz)",
        f"INSERT INTO customers VALUES ('{NORTH}', '1', 'One'), ('{SOUTH}', '1', 'Uno')",
        f"INSERT INTO leads VALUES ('{NORTH}', 'L1', '1'), ('{SOUTH}', 'L1', '1')",
    )
    users = [
        {"org": org, "id": f"{key}{number}", **({"crm_customer_id": "1"} if key == "A" else {})}
        for number, org in enumerate((NORTH, SOUTH))
        for key in "AB"
    ]
    fill_mongo(mongo, {"users": users})
    async with running(secured(profile=PROFILE, postgres_url=postgres, mongo_url=mongo)) as gateway:
        yield gateway


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
async def test_a_tenant_is_the_same_in_every_store_however_its_uuid_is_spelt(
    tenants: Gateway, spelling: dict[str, Any]
) -> None:
    customers = (await tenants.data(CUSTOMERS, **spelling))["customers"]
    assert customers == (await tenants.data(CUSTOMERS, **SPELLINGS["a token in lower case"]))["customers"]
    assert customers["totalCount"] == 2
    found = {one["name"]: one["account"]["key"] for one in customers["nodes"]}
    assert found == {"One": "A0", "B0": "B0"}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
async def test_ids_and_cursors_hold_for_every_spelling_of_their_tenant(
    tenants: Gateway, spelling: dict[str, Any]
) -> None:
    customers = (await tenants.data(CUSTOMERS, **spelling))["customers"]
    ids = [one["id"] for one in customers["nodes"]]
    ids += [lead["id"] for one in customers["nodes"] for lead in one["leads"]["nodes"]]
    assert len(ids) == 3
    query = """query ($ids: [ID!]!, $after: String) {
      nodes(ids: $ids) { id } customers(after: $after) { nodes { id } }
    }"""
    for other in SPELLINGS.values():
        data = await tenants.data(query, {"ids": ids, "after": customers["pageInfo"]["endCursor"]}, **other)
        assert data == {"nodes": [{"id": id_} for id_ in ids], "customers": {"nodes": []}}
    south = await tenants.data(query, {"ids": ids}, tenant=SOUTH.upper())
    assert south["nodes"] == [None] * 3


async def test_another_tenant_is_refused_in_either_case(tenants: Gateway) -> None:
    for asked in (SOUTH, SOUTH.upper()):
        assert codes(await tenants.ask(CUSTOMERS, tenant=NORTH, headers={"X-Tenant": asked})) == ["FORBIDDEN"]


# ── names that are no UUIDs ──


async def named(gateway: Gateway, header: bytes, tenant: str) -> httpx.Response:
    """Ask as a reader of *tenant* with just the bytes *header* as X-Tenant."""
    headers = [(name.encode(), value.encode()) for name, value in gateway.token(tenant=tenant).items()]
    query = {"query": "{ viewer { tenant } customers { totalCount } }"}
    return await gateway.http.post(f"{gateway.url}/graphql", json=query, headers=[*headers, (b"X-Tenant", header)])


@pytest.mark.parametrize("tenant", ["Zürich", "北", "Щука", "\N{SNAKE}"])
async def test_a_tenant_is_named_in_utf_8(grocer: Gateway, tenant: str) -> None:
    answer = await named(grocer, tenant.encode(), tenant)
    assert answer.json()["data"] == {"viewer": {"tenant": tenant}, "customers": {"totalCount": 0}}


@pytest.mark.parametrize("header", ["Zürich".encode("latin-1"), b"\xff\xfe", b"\xed\xa0\x80"])
async def test_a_tenant_that_is_not_utf_8_is_refused(grocer: Gateway, header: bytes) -> None:
    answer = await named(grocer, header, "Zürich")
    assert refusal(answer) == (400, ["BAD_REQUEST"])
    assert "X-Tenant" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("asked", ["NORTH", "North"])
async def test_case_counts_in_a_tenant_that_is_no_uuid(grocer: Gateway, asked: str) -> None:
    answer = await named(grocer, asked.encode(), "north")
    assert set(codes(answer.json())) == {"FORBIDDEN"}
