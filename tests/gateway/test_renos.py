"""The store `renos`, through HTTP: names of Prisma, money as floats, bookings and revenue that go through a lead."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.loading import EXPECTED, existing_store
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["renos"]


@pytest.fixture(scope="module")
async def renos(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await existing_store(without_mongo, "renos")) as gateway:
        yield gateway


async def test_totals_are_those_of_the_rows_and_not_the_stored_ones(renos: Gateway) -> None:
    query = """{ customers { totalCount nodes {
      records { store key } linkage totalLeads totalBookings totalRevenue { amount currency } revenue { count }
    } } }"""
    found = (await renos.data(query))["customers"]
    assert found["totalCount"] == len(STORE["customers"])
    read = {}
    for one in found["nodes"]:
        assert one["linkage"] == "COMPLETE"
        (record,) = one["records"]
        assert record["store"] == "CRM"
        assert one["totalRevenue"]["currency"] == STORE["currency"]
        totals = {"totalRevenue": one["totalRevenue"]["amount"]}
        read[record["key"]] = totals | {name: one[name] for name in ("totalLeads", "totalBookings")}
    assert read == STORE["customers"]


async def test_a_booking_reaches_its_customer_through_its_lead(renos: Gateway) -> None:
    query = "{ bookings(first: 100) { totalCount nodes { key lead { key } customer { records { key } } } } }"
    found = (await renos.data(query))["bookings"]
    assert found["totalCount"] == len(found["nodes"]) == 18
    owners = {"a": "ckx-anker", "b": "ckx-birk", "c": "ckx-celia"}
    for one in found["nodes"]:
        assert one["lead"]["key"] == one["key"].replace("book", "lead")
        assert one["customer"]["records"] == [{"key": owners[one["key"][5]]}]


async def test_leads_without_a_customer_are_listed_without_one(renos: Gateway) -> None:
    found = (await renos.data("{ leads(first: 4) { nodes { key customer { name } } } }"))["leads"]["nodes"]
    assert found == [{"key": f"lead-o{number}", "customer": None} for number in (4, 3, 2, 1)]


async def test_dates_without_zone_are_utc(renos: Gateway) -> None:
    found = await renos.data('{ customerBy(key: {crm: "ckx-birk"}) { name createdAt email phone } }')
    assert found["customerBy"] == {
        "name": "Birk Holm",
        "createdAt": "2025-02-11T09:30:00+00:00",
        "email": "birk@holm.example",
        "phone": "+45 20 10 10 02",
    }
