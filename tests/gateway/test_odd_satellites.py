"""Odd rows in what hangs on a booking, and tables that change: a page is answered all the same."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.answers import codes
from tests.loading import existing_store, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

ORDER = "10000000-0000-4000-8000-000000000001"
SNAPSHOT = "title brand model year price { amount } images primaryImage externalRef archived"
BOOKING = f"""
  code snapshot {{ {SNAPSHOT} }} shipments {{ provider status estimatedDelivery }}
  history {{ totalCount nodes {{ to }} }}
"""
EVERYTHING = f"{{ bookings(first: 9) {{ totalCount nodes {{ {BOOKING} }} }} }}"

#: What a snapshot holds, and what is told of it beside `title`.
SNAPSHOTS: list[tuple[Any, dict[str, Any]]] = [
    ({"year": "2021"}, {"year": 2021}),
    ({"year": 2021.0}, {"year": 2021}),
    ({"year": 2021.5}, {"year": None}),
    ({"year": "next year"}, {"year": None}),
    ({"year": 10**12}, {"year": None}),
    ({"year": True}, {"year": None}),
    ({"price": "3100.005"}, {"price": {"amount": "3100.01"}}),
    ({"price": "NaN"}, {"price": None}),
    ({"price": "Infinity"}, {"price": None}),
    ({"price": "1e999999999"}, {"price": None}),
    ({"price": "on request"}, {"price": None}),
    ({"price": {"amount": 1}}, {"price": None}),
    ({"brand": "  "}, {"brand": None}),
    ({"brand": 7}, {"brand": "7"}),
    ({"images": "https://one.example/1.jpg"}, {"images": ["https://one.example/1.jpg"]}),
    ({"images": []}, {"images": [], "primaryImage": None}),
    ({"images": None}, {"images": []}),
    ({"images": {"first": "1.jpg"}}, {"images": []}),
    ({"images": ["a", None, 7, " ", ["b"], "a", " c "]}, {"images": ["a", "c"]}),
    ({"images": ["b"], "cached_images": ["a", "b"]}, {"images": ["a", "b"], "primaryImage": "a"}),
]


@pytest.fixture
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    """A store of its own for each test, which may change it."""
    async with running(await existing_store(without_mongo, "bikes", "odd_bikes")) as gateway:
        yield gateway


async def change(gateway: Gateway, *statements: str) -> None:
    assert gateway.settings.postgres_url is not None
    await run_sql(gateway.settings.postgres_url, *statements)


def literal(value: object) -> str:
    return "'" + orjson.dumps(value).decode().replace("'", "''") + "'"


@pytest.mark.parametrize("kind", ["jsonb", "json"])
async def test_a_snapshot_of_odd_values_says_what_can_be_said(without_mongo: Servers, kind: str) -> None:
    settings = await existing_store(without_mongo, "bikes", "odd_bikes")
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, f"ALTER TABLE orders ALTER bike_snapshot TYPE {kind}")
    async with running(settings) as gateway:
        query = f'{{ bookingBy(key: {{key: "{ORDER}"}}) {{ snapshot {{ {SNAPSHOT} }} }} }}'
        for stored, told in SNAPSHOTS:
            value = literal({"title": "Bike", **stored})
            await change(gateway, f"UPDATE orders SET bike_snapshot = {value} WHERE id = '{ORDER}'")
            found = (await gateway.data(query))["bookingBy"]["snapshot"]
            assert found == {**found, "title": "Bike", **told}


@pytest.mark.parametrize("stored", ["null", "[]", "7", '"bike"', "{}", '{"title": " ", "images": [], "year": null}'])
async def test_a_snapshot_that_says_nothing_is_none(bikes: Gateway, stored: str) -> None:
    statement = f"UPDATE orders SET bike_snapshot = '{stored}', bike_name = NULL, bike_url = NULL WHERE id = '{ORDER}'"
    await change(bikes, statement)
    found = await bikes.data(f'{{ bookingBy(key: {{key: "{ORDER}"}}) {{ code snapshot {{ title }} }} }}')
    assert found["bookingBy"] == {"code": "EB-0001", "snapshot": None}


@pytest.mark.parametrize(
    ("type_", "stored", "images"),
    [
        ("text[]", "ARRAY['a', 'b', NULL]", ["a", "b"]),
        ("text", "'https://one.example/1.jpg'", ["https://one.example/1.jpg"]),
        ("text", '\'["a", "b"]\'', ["a", "b"]),
        ("text", "'[a, b]'", ["[a, b]"]),
        ("text", "NULL", []),
    ],
)
async def test_images_are_kept_in_whatever_type(
    without_mongo: Servers, tmp_path_factory: pytest.TempPathFactory, type_: str, stored: str, images: list[str]
) -> None:
    settings = await existing_store(without_mongo, "bikes", "odd_bikes")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        f"ALTER TABLE orders ADD pictures {type_}",
        f"UPDATE orders SET pictures = {stored} WHERE id = '{ORDER}'",
    )
    profile = tmp_path_factory.mktemp("pictures") / "profile.toml"
    profile.write_text(
        """
        store = { name = "pictures", currency = "EUR" }
        customer = { table = "customers", key = "id", created_at = "created_at" }
        [booking]
        table = "orders"
        key = "id"
        created_at = "created_at"
        status = { column = "status", words = { CONFIRMED = ["deposit_paid"] } }
        snapshot = { title = "order_code", images = "pictures" }
        """
    )
    async with running(replace(settings, profile=str(profile))) as gateway:
        found = await gateway.data(f'{{ bookingBy(key: {{key: "{ORDER}"}}) {{ snapshot {{ images archived }} }} }}')
        assert found["bookingBy"]["snapshot"] == {"images": images, "archived": None}


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("DROP TABLE shipments", "shipments"),
        ("ALTER TABLE shipments RENAME provider TO carrier", "shipments"),
        ("ALTER TABLE order_status_events DROP created_at", "history"),
        ("ALTER TABLE order_status_events ALTER created_at TYPE text", "history"),
        ("ALTER TABLE bikes RENAME id TO key", "snapshot"),
        ("ALTER TABLE orders DROP bike_id", "snapshot"),
    ],
)
async def test_a_table_that_is_another_takes_only_its_own_field(bikes: Gateway, statement: str, field: str) -> None:
    whole = (await bikes.data(EVERYTHING))["bookings"]["nodes"]
    await change(bikes, statement)
    body = await bikes.ask(EVERYTHING)
    assert set(codes(body)) == {"SOURCE_MISMATCH"}
    assert body["data"]["bookings"]["nodes"] == [{**one, field: None} for one in whole]


async def test_odd_shipments_and_changes_stand_in_nobodys_way(bikes: Gateway) -> None:
    await change(
        bikes,
        f"""INSERT INTO shipments (id, order_id, provider, created_at) VALUES
            (gen_random_uuid(), '{ORDER}', ' ', 'infinity'), (gen_random_uuid(), '{ORDER}', 'later', '2026-02-02Z'),
            (gen_random_uuid(), '{ORDER}', 'first', '2026-02-01Z')""",
        f"UPDATE shipments SET estimated_delivery = 'infinity' WHERE order_id = '{ORDER}' AND provider = 'later'",
        f"""INSERT INTO order_status_events (order_id, new_status, created_at) VALUES
            ('{ORDER}', 'no word of ours', '2026-02-01Z'), ('{ORDER}', '', '2026-02-02Z'),
            ('{ORDER}', 'x', '-infinity')""",
    )
    found = await bikes.data(f'{{ bookingBy(key: {{key: "{ORDER}"}}) {{ {BOOKING} }} }}')
    assert [one["provider"] for one in found["bookingBy"]["shipments"]] == ["first", "later", None]
    assert {one["estimatedDelivery"] for one in found["bookingBy"]["shipments"]} == {None}
    assert found["bookingBy"]["history"] == {"totalCount": 1, "nodes": [{"to": "no word of ours"}]}


async def test_changes_that_say_the_same_are_told_apart_by_a_key_of_several_columns(without_mongo: Servers) -> None:
    settings = await existing_store(without_mongo, "bikes", "odd_bikes")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "ALTER TABLE order_status_events DROP CONSTRAINT order_status_events_pkey, ADD PRIMARY KEY (order_id, id)",
        f"""INSERT INTO order_status_events (order_id, new_status, created_at)
            SELECT '{ORDER}', 'again', '2026-02-01Z' FROM generate_series(1, 5)""",
    )
    page = "history(first: 2, after: $after) { totalCount nodes { to } pageInfo { hasNextPage endCursor } }"
    query = f'query ($after: String) {{ bookingBy(key: {{key: "{ORDER}"}}) {{ {page} }} }}'
    async with running(settings) as gateway:
        found, after = 0, None
        for more in (True, True, False):
            history = (await gateway.data(query, {"after": after}))["bookingBy"]["history"]
            found, after = found + len(history["nodes"]), history["pageInfo"]["endCursor"]
            assert history["pageInfo"]["hasNextPage"] is more
        assert found == history["totalCount"] == 5


@pytest.mark.parametrize("by", ["template_id", "template_text"])
async def test_the_catalogue_may_be_the_very_table_of_the_rows(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, by: str
) -> None:
    """Given orders made from other orders, of which some are gone."""
    settings = await existing_store(servers, "bikes", "odd_bikes")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "ALTER TABLE orders ADD template_id uuid, ADD template_text text",
        "UPDATE orders SET template_id = '10000000-0000-4000-8000-000000000002' WHERE order_code = 'EB-0003'",
        "UPDATE orders SET template_id = '99999999-0000-4000-8000-000000000002' WHERE order_code = 'EB-0004'",
        "UPDATE orders SET template_text = template_id::text",
    )
    profile = tmp_path_factory.mktemp("templates") / "profile.toml"
    profile.write_text(
        f"""
        store = {{ name = "templates", currency = "EUR" }}
        customer = {{ table = "customers", key = "id", created_at = "created_at" }}
        [booking]
        table = "orders"
        key = "id"
        code = "order_code"
        created_at = "created_at"
        status = {{ column = "status", words = {{ CONFIRMED = ["deposit_paid"] }} }}
        [booking.snapshot]
        title = "order_code"
        catalogue = {{ table = "orders", key = "id", by = "{by}" }}
        """
    )
    async with running(replace(settings, profile=str(profile))) as gateway:
        found = (await gateway.data("{ bookings { nodes { code snapshot { archived } } } }"))["bookings"]["nodes"]
        said = {one["code"]: one["snapshot"]["archived"] for one in found}
        assert (said["EB-0002"], said["EB-0003"], said["EB-0004"]) == (None, False, True)


async def test_a_domain_over_a_domain_is_the_type_below(servers: Servers) -> None:
    settings = await existing_store(servers, "bikes", "odd_bikes")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "CREATE DOMAIN instant AS timestamptz",
        "CREATE DOMAIN creation AS instant CHECK (VALUE > '2000-01-01Z')",
        "CREATE DOMAIN code AS text",
        "CREATE DOMAIN lead_code AS code",
        "ALTER TABLE customers ALTER created_at TYPE creation",
        "ALTER TABLE leads ALTER id TYPE lead_code",
    )
    async with running(settings) as gateway:
        found = await gateway.data("{ customers(first: 1) { nodes { createdAt } } leads { nodes { key } } }")
        assert found["customers"]["nodes"] == [{"createdAt": "2026-02-01T10:00:00+00:00"}]
        assert len(found["leads"]["nodes"]) == 4
