"""The store `grocer`, through HTTP: one customer over two stores, whatever shape its links have."""

from typing import Any

import pytest

from tests.loading import EXPECTED
from tests.running import Gateway

STORE: dict[str, Any] = EXPECTED["grocer"]["tenants"]
TENANTS = sorted(STORE)
LIST = """
query ($after: String) { customers(first: 5, after: $after) {
  totalCount missingStores pageInfo { hasNextPage endCursor }
  nodes { id name linkage records { store key } totalLeads totalBookings totalRevenue { amount currency } }
} }
"""


async def read_all(grocer: Gateway, tenant: str) -> list[dict[str, Any]]:
    """Read the whole list of *tenant*, page by page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await grocer.data(LIST, {"after": after}, tenant=tenant))["customers"]
        assert page["missingStores"] == []
        assert page["totalCount"] == len(STORE[tenant]["customers"])
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def head(customer: dict[str, Any]) -> str:
    key: str = customer["records"][0]["key"]
    return key


@pytest.mark.parametrize("tenant", TENANTS)
async def test_customers_are_the_records_that_the_links_make_one(grocer: Gateway, tenant: str) -> None:
    found = await read_all(grocer, tenant)
    made = {(tuple(record["key"] for record in one["records"]), one["linkage"]) for one in found}
    assert made == {(tuple(one["records"]), one["linkage"]) for one in STORE[tenant]["customers"]}
    assert len(found) == len(made)


async def test_customers_come_in_the_order_of_their_head_records(grocer: Gateway) -> None:
    assert [head(one) for one in await read_all(grocer, "north")] == STORE["north"]["orderByCreatedAtDesc"]


@pytest.mark.parametrize("tenant", TENANTS)
async def test_names_and_totals_are_those_of_the_stores(grocer: Gateway, tenant: str) -> None:
    found = {head(one): one for one in await read_all(grocer, tenant)}
    for key, name in STORE[tenant]["names"].items():
        assert found[key]["name"] == name
    for key, totals in STORE[tenant]["totals"].items():
        one = found[key]
        assert (one["totalLeads"], one["totalBookings"]) == (totals["totalLeads"], totals["totalBookings"])
        assert one["totalRevenue"] == {"amount": totals["totalRevenue"], "currency": "EUR"}
