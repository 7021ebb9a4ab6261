"""The store `delivery`, through HTTP: no CRM at all, accounts and delivery records that hardly know each other."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.loading import EXPECTED, existing_store
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["delivery"]
LIST = """{ customers(orderBy: {direction: ASC}) { totalCount missingStores nodes {
  name email phone status area createdAt linkage records { store key }
  account { key isActive canLogIn emailIsPlaceholder }
  delivery { key address status courier { key name phone } }
  totalLeads totalBookings totalRevenue { amount } leads { totalCount } externalAccounts { provider } source
} } }"""


@pytest.fixture(scope="module")
async def delivery(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await existing_store(servers, "delivery")) as gateway:
        yield gateway


async def read_all(delivery: Gateway) -> dict[str, dict[str, Any]]:
    """Read the customers by the key of their head record."""
    found = (await delivery.data(LIST))["customers"]
    assert found["missingStores"] == []
    assert found["totalCount"] == len(found["nodes"]) == STORE["linkage"]["uniqueCustomers"]
    return {one["records"][0]["key"]: one for one in found["nodes"]}


async def test_customers_are_accounts_and_delivery_records_and_no_staff(delivery: Gateway) -> None:
    found = await read_all(delivery)
    accounts = [one for one in found.values() if one["account"]]
    assert len(accounts) == STORE["linkage"]["accounts"]
    assert len([one for one in found.values() if one["delivery"]]) == STORE["linkage"]["deliveryProfiles"]
    both = [[record["key"] for record in one["records"]] for one in found.values() if len(one["records"]) > 1]
    assert both == STORE["linkedOneWay"]
    assert found["user-5"]["linkage"] == "COMPLETE"
    assert {one["linkage"] for key, one in found.items() if key != "user-5"} == {"UNLINKED"}
    assert len([one for one in accounts if one["account"]["canLogIn"]]) == STORE["linkage"]["canLogIn"]
    assert len([one for one in found.values() if one["email"] is None]) == STORE["linkage"]["withoutEmail"]


async def test_dates_of_both_forms_make_one_order(delivery: Gateway) -> None:
    found = await read_all(delivery)
    dates = [one["createdAt"] for one in found.values()]
    assert dates == sorted(dates)
    assert next(iter(found)) == "user-6"
    assert list(found)[-1] == "cust-7"


async def test_what_the_store_does_not_have_is_null_without_an_error(delivery: Gateway) -> None:
    for one in (await read_all(delivery)).values():
        for name in ("totalLeads", "totalBookings", "totalRevenue", "leads", "externalAccounts", "source"):
            assert one[name] is None
    absent = await delivery.data(
        """{ leads { totalCount } bookings { totalCount } lead(id: "WyJMZWFkIixudWxsLG51bGwsIjEiXQ") { key }
          bookingBy(key: {code: "1"}) { key } }"""
    )
    assert set(absent.values()) == {None}


async def test_a_delivery_record_names_its_courier(delivery: Gateway) -> None:
    found = await read_all(delivery)
    assert found["cust-4"]["delivery"] == {
        "key": "cust-4",
        "address": "4 Main St",
        "status": "TRIAL",
        "courier": {"key": "user-2", "name": "Ram", "phone": "9000000002"},
    }
    assert {one["delivery"]["courier"] for key, one in found.items() if one["delivery"] and key != "cust-4"} == {None}


async def test_couriers_are_those_who_deliver(delivery: Gateway) -> None:
    found = await delivery.data("{ couriers { key name phone } stores { store maps } }")
    assert found["couriers"] == [{"key": "user-2", "name": "Ram", "phone": "9000000002"}]
    assert found["stores"] == [{"store": "mongo", "maps": ["ACCOUNTS", "DELIVERY"]}]
