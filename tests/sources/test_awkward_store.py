"""A store that nobody planned for, through a profile by path: odd names, types and values, customers through leads."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.loading import make_database, run_sql
from tests.running import Gateway, running, secured
from tests.servers import Servers

FOLDER = Path(__file__).parent / "awkward"
ADA, BO, CID, DEE, EVE, GONE = (f"00000000-0000-4000-8000-00000000000{letter}" for letter in "abcdef")


@pytest.fixture(scope="module")
async def awkward(without_mongo: Servers) -> AsyncIterator[Gateway]:
    url = await make_database(without_mongo, "awkward")
    await run_sql(url, (FOLDER / "postgres.sql").read_text())
    async with running(secured(profile=str(FOLDER / "profile.toml"), postgres_url=url)) as gateway:
        yield gateway


async def by_key(awkward: Gateway, key: str, fields: str) -> Any:
    query = f"query ($key: String!) {{ customerBy(key: {{crm: $key}}) {{ {fields} }} }}"
    return (await awkward.data(query, {"key": key}))["customerBy"]


async def test_customers_whose_date_is_none_of_ours_come_last_by_key(awkward: Gateway) -> None:
    """Infinity, a year before our era and null are no dates: they keep their rows in every list, and break no page."""
    query = "query ($after: String, $d: Direction!) { customers(first: 2, after: $after, orderBy: {direction: $d}) {"
    query += " totalCount nodes { records { key } createdAt } pageInfo { hasNextPage endCursor } } }"
    for direction, expected in (("DESC", [EVE, ADA, DEE, CID, BO]), ("ASC", [ADA, EVE, BO, CID, DEE])):
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
        while page["hasNextPage"]:
            customers = (await awkward.data(query, {"after": page["endCursor"], "d": direction}))["customers"]
            assert customers["totalCount"] == 5
            found, page = [*found, *customers["nodes"]], customers["pageInfo"]
        assert [one["records"][0]["key"] for one in found] == expected
        assert [one["createdAt"] is None for one in found] == [False, False, True, True, True]


async def test_local_times_are_read_in_the_zone_of_the_store(awkward: Gateway) -> None:
    assert (await by_key(awkward, ADA, "createdAt"))["createdAt"] == "2025-07-01T16:00:00+00:00"
    assert (await by_key(awkward, EVE, "createdAt"))["createdAt"] == "2025-11-02T05:30:00+00:00"
    found = await awkward.data(
        "query ($in: Period) { customers(filter: {createdIn: $in}) { nodes { name } } }",
        {"in": {"from": "2025-11-02T05:30:00Z", "to": "2025-11-02T05:30:01Z"}},
    )
    assert found["customers"]["nodes"] == [{"name": "Eve"}]


async def test_names_and_statuses_are_made_of_what_there_is(awkward: Gateway) -> None:
    fields = "name email status"
    ada = {"name": "Ada Okafor", "email": "ada@old.example", "status": "ACTIVE"}
    assert await by_key(awkward, ADA, fields) == ada
    assert await by_key(awkward, BO, fields) == {"name": "Bo", "email": None, "status": "UNKNOWN"}
    assert await by_key(awkward, CID, fields) == {"name": CID, "email": None, "status": None}
    assert await by_key(awkward, DEE, fields) == {"name": DEE, "email": None, "status": "INACTIVE"}


async def test_rows_that_the_profile_leaves_out_are_not_there(awkward: Gateway) -> None:
    assert await by_key(awkward, GONE, "id") is None


@pytest.mark.parametrize("key", ["", "x", ADA[:-1], f"{{{ADA}}}", f" {ADA}", "\u0000", "\ud800", "9" * 5000])
async def test_a_key_that_the_column_cannot_hold_is_not_found(awkward: Gateway, key: str) -> None:
    response = await awkward.http.post(
        f"{awkward.url}/graphql",
        content=b'{"query": "query ($key: String!) { customerBy(key: {crm: $key}) { id } }", "variables": {"key": %s}}'
        % json.dumps(key).encode(),
        headers={"content-type": "application/json", **awkward.token()},
    )
    body = response.json()
    assert body.get("data", {"customerBy": None}) == {"customerBy": None}
    assert response.status_code < 500


async def test_leads_keep_their_rows_whatever_their_dates_and_numbers(awkward: Gateway) -> None:
    query = "totalLeads leads { totalCount nodes { key status storeStatus createdAt contactAttempts } }"
    found = await by_key(awkward, ADA, query)
    assert (found["totalLeads"], found["leads"]["totalCount"]) == (3, 3)
    assert found["leads"]["nodes"] == [
        {
            "key": "1",
            "status": "NEW",
            "storeStatus": "new",
            "createdAt": "2025-02-01T15:00:00+00:00",
            "contactAttempts": 2,
        },
        {"key": "3", "status": "UNKNOWN", "storeStatus": None, "createdAt": None, "contactAttempts": None},
        {"key": "2", "status": "UNKNOWN", "storeStatus": "odd", "createdAt": None, "contactAttempts": None},
    ]


async def test_children_page_by_keyset_through_their_nulls(awkward: Gateway) -> None:
    query = "leads(first: 1, after: $after) { nodes { key } pageInfo { hasNextPage endCursor } }"
    whole = f"query ($key: String!, $after: String) {{ customerBy(key: {{crm: $key}}) {{ {query} }} }}"
    keys: list[str] = []
    after = None
    for _ in range(3):
        leads = (await awkward.data(whole, {"key": ADA, "after": after}))["customerBy"]["leads"]
        keys += [one["key"] for one in leads["nodes"]]
        after = leads["pageInfo"]["endCursor"]
        assert leads["pageInfo"]["hasNextPage"] is (len(keys) < 3)
    assert keys == ["1", "3", "2"]


async def test_bookings_reach_their_customer_through_the_lead(awkward: Gateway) -> None:
    fields = "key status startAt endAt amount { amount currency } paid lead { key } customer { name }"
    query = f"totalBookings bookings {{ nodes {{ {fields} }} }}"
    found = await by_key(awkward, ADA, query)
    assert found["totalBookings"] == 3
    shared = {"lead": {"key": "1"}, "customer": {"name": "Ada Okafor"}}
    assert found["bookings"]["nodes"] == [
        {
            "key": "1",
            "status": "CONFIRMED",
            "startAt": "2025-08-01T10:00:00+00:00",
            "endAt": "2025-08-01T10:30:00+00:00",
            "amount": {"amount": "1200", "currency": "JPY"},
            "paid": True,
            **shared,
        },
        {
            "key": "2",
            "status": "UNKNOWN",
            "startAt": "2025-07-02T04:00:00+00:00",
            "endAt": "2025-07-02T04:30:00+00:00",
            "amount": {"amount": "0.13", "currency": "USD"},
            "paid": False,
            **shared,
        },
        {"key": "3", "status": "CANCELLED", "startAt": None, "endAt": None, "amount": None, "paid": False, **shared},
    ]
    alone = (await awkward.data("{ bookings(first: 50) { totalCount nodes { key customer { id } lead { key } } } }"))[
        "bookings"
    ]
    assert alone["totalCount"] == 5
    whose = {one["key"]: (one["customer"] is None, one["lead"]) for one in alone["nodes"]}
    assert whose["4"] == whose["5"] == (True, None), "its lead is left out, or is not there"


async def test_revenue_is_summed_exactly_by_currency(awkward: Gateway) -> None:
    """Given floats: a tenth, two and three are 0.6, which is 1 in a currency without decimals."""
    query = "totalRevenue { amount currency } revenue { count average { amount } otherCurrencies { amount currency } }"
    found = await by_key(awkward, ADA, query)
    assert found["totalRevenue"] == {"amount": "1", "currency": "JPY"}
    assert found["revenue"] == {
        "count": 3,
        "average": {"amount": "0"},
        "otherCurrencies": [{"amount": "10.01", "currency": "USD"}],
    }
    february = 'revenue(period: {from: "2025-02-01T00:00:00Z", to: "2025-03-01T00:00:00Z"}) { count }'
    assert (await by_key(awkward, ADA, february))["revenue"]["count"] == 2


async def test_what_the_store_does_not_have_is_null_without_an_error(awkward: Gateway) -> None:
    found = await by_key(awkward, ADA, "linkage account { key } delivery { key } phone area source")
    assert found == {
        "linkage": "COMPLETE",
        "account": None,
        "delivery": None,
        "phone": None,
        "area": None,
        "source": None,
    }
