"""What holds for every store that comes with the gateway: what is asked for is answered, or null without an error."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import graphql
import pytest

import schema
from sources.profile_reading import shipped_profiles
from tests.loading import EXPECTED, existing_store
from tests.running import Gateway, running
from tests.servers import Servers

CONTRACT = graphql.build_schema(schema.sdl())
STORES = [name for name in shipped_profiles() if name != "demo"]
#: Deep enough for the lead of the booking of a customer, and its history.
DEPTH = 9


@pytest.fixture(scope="module", params=STORES)
async def store(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Gateway]]:
    settings = await existing_store(servers, request.param, f"every_{request.param}")
    # All of the schema at once costs more than anybody may ask for.
    async with running(replace(settings, max_cost=10**8)) as gateway:
        yield request.param, gateway


def selection(type_: Any, depth: int, above: tuple[str, ...] = ()) -> str:
    """Select every field below *type_*, each type once on a way down."""
    named = graphql.get_named_type(type_)
    if graphql.is_leaf_type(named):
        return ""
    if named.name in above or depth == 0 or graphql.is_union_type(named):
        return "{ __typename }"
    fields = (
        f"{name} {selection(field.type, depth - 1, (*above, named.name))}" for name, field in named.fields.items()
    )
    return "{ " + " ".join(fields) + " }"


def lists() -> Iterator[str]:
    query = CONTRACT.query_type
    assert query is not None
    for name in ("customers", "leads", "bookings", "couriers", "dashboard"):
        yield f"{name} {selection(query.fields[name].type, DEPTH)}"


def tenants(name: str) -> list[str | None]:
    return sorted(EXPECTED[name].get("tenants", {})) or [None]


async def test_all_of_the_schema_is_answered_without_an_error(store: tuple[str, Gateway]) -> None:
    name, gateway = store
    for tenant in tenants(name):
        for root in lists():
            body = await gateway.ask(f"{{ {root} }}", tenant=tenant)
            assert "errors" not in body, (root[:20], body["errors"][:3])


async def test_what_is_mapped_is_what_is_answered(store: tuple[str, Gateway]) -> None:
    """Given what the store says that its profile maps, the fields of everything else are null."""
    name, gateway = store
    query = """{
      stores { maps } leads { totalCount } bookings { totalCount }
      customers { nodes {
        account { key } delivery { key } externalAccounts { provider } totalLeads totalBookings totalRevenue { amount }
        leads { nodes { snapshot { title } history { totalCount } } }
        bookings { nodes { snapshot { title } shipments { status } history { totalCount } location } }
      } }
    }"""
    data = await gateway.data(query, tenant=tenants(name)[0])
    maps = {capability for one in data["stores"] for capability in one["maps"]}
    customers = data["customers"]["nodes"]
    children = {
        child: [one for customer in customers if customer[child] for one in customer[child]["nodes"]]
        for child in ("leads", "bookings")
    }
    everything = [*children["leads"], *children["bookings"]]
    said = {
        "LEADS": data["leads"] is not None,
        "BOOKINGS": data["bookings"] is not None,
        "ACCOUNTS": any(one["account"] for one in customers),
        "DELIVERY": any(one["delivery"] for one in customers),
        "EXTERNAL_ACCOUNTS": any(one["externalAccounts"] is not None for one in customers),
        "REVENUE": any(one["totalRevenue"] is not None for one in customers),
        "SNAPSHOTS": any(one["snapshot"] is not None for one in everything),
        "SHIPMENTS": any(one["shipments"] is not None for one in children["bookings"]),
        "LOCATIONS": any(one["location"] is not None for one in children["bookings"]),
    }
    beyond = {"CUSTOMERS", "TENANTS", "REFERRERS", "HISTORY", "NOTES"}
    assert {capability for capability, there in said.items() if there} == maps - beyond
    # Where the store keeps no history of its own, the gateway keeps one of what it writes.
    assert all(one["history"] is not None for one in everything)
    assert ("TENANTS" in maps) is (tenants(name) != [None])
