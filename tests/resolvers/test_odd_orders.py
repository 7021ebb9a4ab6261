"""Lists whose order is hard to keep: hours that a clock skips, dates beyond the calendar, keys that compare oddly."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bson import Int64

from tests.loading import fill_mongo, make_database, mongo_url, run_sql
from tests.running import Gateway, running, secured
from tests.servers import Servers

PROFILE = str(Path(__file__).parent / "skipped" / "profile.toml")
TABLES = """
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TABLE customers (id citext PRIMARY KEY, key text, source text, created_at timestamp NOT NULL);
CREATE TABLE leads (id char(8) PRIMARY KEY, customer_id citext, attempts numeric, data json, status text, created_at timestamptz NOT NULL);
CREATE TABLE bookings (id bigint PRIMARY KEY, customer_id citext, status text, start_at timestamptz NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO customers VALUES
    ('a', 'Ada', ' web ', '2025-03-09 01:59:59.999999'), ('B', 'Bo', 'web', '2025-03-09 02:15'), ('c', 'Cy', NULL, '2025-03-09 02:30'),
    ('D', 'Di', NULL, '2025-03-09 02:45'), ('e', 'Ed', NULL, '2025-03-09 03:00'), ('F', 'Fy', NULL, '2025-03-09 03:00');
INSERT INTO leads VALUES
    ('one', 'a', 1e500, '{"name": "A"}', 'new', '2025-01-01Z'), ('two', 'a', 3, '{"name": "B", "z": "\\u0000"}', 'new', '2025-01-02Z'),
    ('three', 'a', -1e12, '{}', 'new', '2025-01-03Z');
INSERT INTO bookings VALUES
    (1, 'a', 'yes', '2025-01-01Z', now()), (2, 'a', 'yes', '2025-01-02Z', now()), (3, 'a', 'yes', '2025-01-03Z', now()),
    (4, 'a', 'yes', 'infinity', now()), (5, 'a', 'yes', '-infinity', now());
"""  # noqa: E501 - rows read best in one line
DELIVERIES = [
    {"id": "x", "created_at": "2025-03-09T02:15:00"},
    {"id": "y", "created_at": "2025-03-09T02:30:00"},
    {"id": "z", "created_at": "2025-03-09T03:00:00"},
    {"id": "n", "created_at": "2025-03-09T03:00:00\n"},
]
#: Everything between the last second before the change and the first after it means that moment.
ASCENDING = ["a", "B", "c", "D", "F", "e", "x", "y", "z", "n"]


@pytest.fixture(scope="module")
async def skipped(servers: Servers) -> AsyncIterator[Gateway]:
    postgres, mongo = await make_database(servers, "skipped"), mongo_url(servers, "skipped")
    await run_sql(postgres, TABLES)
    fill_mongo(mongo, {"customers_v2": DELIVERIES})
    async with running(secured(profile=PROFILE, postgres_url=postgres, mongo_url=mongo)) as gateway:
        yield gateway


async def walk(gateway: Gateway, field: str, item: str, size: int, *, backwards: bool, more: str = "") -> list[Any]:
    """Read the list *field* page by page, *size* a page, in its own order."""
    count, cursor = ("last", "before") if backwards else ("first", "after")
    info = "hasPreviousPage startCursor" if backwards else "hasNextPage endCursor"
    *parent, name = field.split(".")
    found: list[Any] = []
    at = None
    for _ in range(40):
        selected = f"{{ nodes {{ {item} }} pageInfo {{ {info} }} }}"
        listed = f"{name}({count}: {size}, {cursor}: $at {more}) {selected}"
        inner = f'customerBy(key: {{crm: "a"}}) {{ {listed} }}' if parent else listed
        data = await gateway.data(f"query ($at: String) {{ {inner} }}", {"at": at})
        page = (data["customerBy"] if parent else data)[name]
        found = [*page["nodes"], *found] if backwards else [*found, *page["nodes"]]
        has_more, at = page["pageInfo"].values()
        if not has_more:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 20])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_hours_that_the_clock_skips_lose_nobody(
    skipped: Gateway, direction: str, size: int, *, backwards: bool
) -> None:
    more = f", orderBy: {{direction: {direction}}}"
    found = await walk(skipped, "customers", "records { key }", size, backwards=backwards, more=more)
    dated, undated = ASCENDING[:-1], ASCENDING[-1:]
    expected = [*(dated if direction == "ASC" else dated[::-1]), *undated]
    assert [one["records"][0]["key"] for one in found] == expected


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [1, 2, 20])
async def test_dates_beyond_the_calendar_end_the_lists_of_a_customer(
    skipped: Gateway, size: int, *, backwards: bool
) -> None:
    found = await walk(skipped, "customer.bookings", "key startAt", size, backwards=backwards)
    assert [one["key"] for one in found] == ["3", "2", "1", "5", "4"]
    assert [one["startAt"] is None for one in found] == [False, False, False, True, True]
    ascending = await walk(
        skipped, "customer.bookings", "key", size, backwards=backwards, more=", orderBy: {direction: ASC}"
    )
    assert [one["key"] for one in ascending] == ["1", "2", "3", "4", "5"]


async def test_keys_that_compare_in_ways_of_their_own_are_found(skipped: Gateway) -> None:
    query = '{ customerBy(key: {crm: "a"}) { name totalLeads leads { nodes { id key customer { name } } } } }'
    found = (await skipped.data(query))["customerBy"]
    assert (found["name"], found["totalLeads"]) == ("Ada", 3)
    leads = found["leads"]["nodes"]
    assert [one["key"] for one in leads] == ["three", "two", "one"]
    assert {one["customer"]["name"] for one in leads} == {"Ada"}
    again = await skipped.data("query ($id: ID!) { lead(id: $id) { key } }", {"id": leads[0]["id"]})
    assert again == {"lead": {"key": "three"}}
    assert (await skipped.data('{ customerBy(key: {crm: "A"}) { name } }'))["customerBy"] is None


async def test_numbers_and_texts_that_cannot_be_are_null(skipped: Gateway) -> None:
    leads = (await skipped.data("{ leads(orderBy: {direction: ASC}) { nodes { name contactAttempts } } }"))["leads"]
    assert leads["nodes"] == [
        {"name": "A", "contactAttempts": None},
        {"name": None, "contactAttempts": 3},
        {"name": None, "contactAttempts": None},
    ]


async def test_a_source_is_found_as_it_is_shown(skipped: Gateway) -> None:
    found = await skipped.data('{ customers(filter: {source: ["web"]}) { totalCount nodes { name source } } }')
    assert found["customers"]["totalCount"] == 2
    assert {one["source"] for one in found["customers"]["nodes"]} == {"web"}


async def test_numbers_of_64_bits_are_keys_and_links(servers: Servers) -> None:
    """Given documents as drivers write them: the integer itself, as a 64-bit number, and a key that comes twice."""
    postgres, mongo = await make_database(servers, "numbers"), mongo_url(servers, "numbers")
    await run_sql(postgres, TABLES.replace("citext PRIMARY KEY", "bigint PRIMARY KEY").split("INSERT")[0])
    await run_sql(postgres, "INSERT INTO customers VALUES (9007199254740993, 'Big', NULL, '2025-01-01')")
    big = 2**53 + 1
    documents: list[dict[str, Any]] = [
        {"id": None},
        {"id": Int64(2**40), "crm": Int64(big)},
        {"id": 7, "created_at": "2025-01-01T00:00:00"},
        {"id": 7, "created_at": "2025-01-02T00:00:00"},
    ]
    fill_mongo(mongo, {"customers_v2": documents})
    async with running(secured(profile=PROFILE, postgres_url=postgres, mongo_url=mongo)) as gateway:
        page = (await gateway.data("{ customers { totalCount nodes { records { key } } } }"))["customers"]
        assert [[one["key"] for one in node["records"]] for node in page["nodes"]] == [["7"], [str(big), str(2**40)]]
        assert page["totalCount"] == 2
