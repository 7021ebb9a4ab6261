"""The store `bikes`, through HTTP: orders as bookings, snapshots in JSON, leads with keys of two kinds."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.answers import codes
from tests.loading import EXPECTED, existing_store, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["bikes"]
BY_CODE = "query ($code: String!) { bookingBy(key: {code: $code}) { %s } }"


@pytest.fixture(scope="module")
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await existing_store(without_mongo, "bikes")) as gateway:
        yield gateway


async def order(bikes: Gateway, code: str, fields: str) -> dict[str, Any]:
    found: dict[str, Any] = (await bikes.data(BY_CODE % fields, {"code": code}))["bookingBy"]
    return found


async def test_revenue_is_of_orders_that_ended_well(bikes: Gateway) -> None:
    query = "{ customers { nodes { name source area totalRevenue { amount currency } } } }"
    found = (await bikes.data(query))["customers"]["nodes"]
    assert {one["name"]: one["totalRevenue"]["amount"] for one in found} == STORE["customersByRevenue"]
    assert {one["totalRevenue"]["currency"] for one in found} == {STORE["currency"]}
    assert {one["source"] for one in found} == {None}
    assert {one["area"] for one in found} == {"Москва", "Казань", "Berlin", "Тверь"}


async def test_leads_have_keys_of_every_kind_and_any_word_as_status(bikes: Gateway) -> None:
    found = (await bikes.data("{ leads { nodes { id key status storeStatus } } }"))["leads"]["nodes"]
    assert {one["key"] for one in found} == set(STORE["leadIds"])
    odd = [one for one in found if one["status"] == "UNKNOWN"]
    assert [(one["key"], one["storeStatus"]) for one in odd] == [(STORE["leadWithUnknownStatus"], "НОВЫЙ")]
    for one in found:
        assert (await bikes.data("query ($id: ID!) { lead(id: $id) { key } }", {"id": one["id"]}))["lead"] == {
            "key": one["key"]
        }


@pytest.mark.parametrize("code", STORE["primaryImage"])
async def test_the_first_image_is_a_copy_kept_by_the_store(bikes: Gateway, code: str) -> None:
    snapshot = (await order(bikes, code, "snapshot { images primaryImage }"))["snapshot"]
    assert snapshot["primaryImage"] == STORE["primaryImage"][code]
    assert snapshot["images"][:1] == [image for image in [snapshot["primaryImage"]] if image]


async def test_copies_come_before_the_addresses_of_the_time(bikes: Gateway) -> None:
    images = (await order(bikes, "EB-0001", "snapshot { images }"))["snapshot"]["images"]
    assert images == ["/images/bikes/EB-0001/1.jpg", "https://gone.example/1.jpg"]


@pytest.mark.parametrize("code", STORE["archived"])
async def test_what_the_catalogue_has_no_more_is_archived(bikes: Gateway, code: str) -> None:
    assert (await order(bikes, code, "snapshot { archived }"))["snapshot"]["archived"] is STORE["archived"][code]


@pytest.mark.parametrize("code", STORE["withoutSnapshot"])
async def test_an_order_of_nothing_has_no_snapshot(bikes: Gateway, code: str) -> None:
    assert await order(bikes, code, "code snapshot { title }") == {"code": code, "snapshot": None}


async def test_a_snapshot_says_what_it_says(bikes: Gateway) -> None:
    fields = "snapshot { title brand model year price { amount currency } externalRef }"
    assert await order(bikes, "EB-0002", fields) == {
        "snapshot": {
            "title": "Santa Cruz Nomad",
            "brand": "Santa Cruz",
            "model": "Nomad",
            "year": 2021,
            "price": {"amount": "4200.00", "currency": "EUR"},
            "externalRef": "https://market.example/b/2",
        }
    }
    assert (await order(bikes, "EB-0003", fields))["snapshot"] == {
        "title": "Trek Fuel",
        "brand": None,
        "model": None,
        "year": None,
        "price": {"amount": "2500.50", "currency": "EUR"},
        "externalRef": None,
    }


async def test_a_lead_has_a_snapshot_of_its_own_and_no_catalogue(bikes: Gateway) -> None:
    found = (await bikes.data("{ leads { nodes { key snapshot { title archived images } } } }"))["leads"]["nodes"]
    said = {one["key"]: one["snapshot"] for one in found}
    assert said[STORE["leadIds"][0]] == {"title": "Canyon Spectral 125", "archived": None, "images": []}
    assert said["1044"] is None


async def test_shipments_and_history_belong_to_their_order(bikes: Gateway) -> None:
    fields = """
      shipments { provider trackingNumber status estimatedDelivery }
      history { totalCount nodes { at from to by note subject { id } } } id
    """
    found = await order(bikes, "EB-0003", fields)
    assert found["shipments"] == [
        {
            "provider": "ruspost",
            "trackingNumber": "RR123456785DE",
            "status": "delivered",
            "estimatedDelivery": "2026-01-30",
        }
    ]
    nobody = {"by": None, "note": None, "subject": {"id": found["id"]}}
    assert found["history"] == {
        "totalCount": 2,
        "nodes": [
            {"at": "2026-01-30T12:00:00+00:00", "from": "pending_manager", "to": "delivered", **nobody},
            {"at": "2026-01-12T12:00:00+00:00", "from": None, "to": "pending_manager", **nobody},
        ],
    }
    assert await order(bikes, "EB-0001", "shipments { status } history { totalCount nodes { to } }") == {
        "shipments": [],
        "history": {"totalCount": 0, "nodes": []},
    }


async def test_a_history_is_read_page_by_page(without_mongo: Servers) -> None:
    """Given changes of one moment, which come in the order of their key, and rows that are no events."""
    settings = await existing_store(without_mongo, "bikes", "bikes_history")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        """INSERT INTO order_status_events (order_id, old_status, new_status, created_at)
           SELECT '10000000-0000-4000-8000-000000000001', 'a' || n, CASE WHEN n = 5 THEN ' ' ELSE 'a' || n + 1 END,
               CASE WHEN n = 6 THEN timestamptz 'infinity' ELSE '2026-01-01Z' END
           FROM generate_series(1, 9) AS n""",
    )
    query = BY_CODE.replace("$code: String!", "$code: String!, $after: String") % (
        "history(first: 2, after: $after) { totalCount nodes { to } pageInfo { hasNextPage endCursor } }"
    )
    async with running(settings) as gateway:
        words: list[str] = []
        after = None
        while True:
            variables = {"code": "EB-0001", "after": after}
            page = (await gateway.data(query, variables))["bookingBy"]["history"]
            assert page["totalCount"] == 7
            words += [event["to"] for event in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert words == [f"a{number}" for number in (10, 9, 8, 5, 4, 3, 2)]
        other = (await gateway.data("{ bookings(first: 1) { pageInfo { startCursor } } }"))["bookings"]["pageInfo"]
        body = await gateway.ask(query, {"code": "EB-0001", "after": other["startCursor"]})
        assert codes(body) == ["BAD_CURSOR"]


async def test_a_booking_is_found_by_any_of_its_keys(bikes: Gateway) -> None:
    query = "query ($key: BookingKey!) { bookingBy(key: $key) { code } }"
    key = "10000000-0000-4000-8000-000000000005"
    for asked in ({"code": "EB-0005"}, {"trackingToken": "tok-5"}, {"key": key}, {"key": key.upper()}):
        assert (await bikes.data(query, {"key": asked}))["bookingBy"] == {"code": "EB-0005"}
    for asked in ({"code": "EB-9999"}, {"code": ""}, {"code": "\0"}, {"trackingToken": "tok"}, {"key": "EB-0005"}):
        assert (await bikes.data(query, {"key": asked}))["bookingBy"] is None


@pytest.mark.parametrize("key", ["{}", '{code: "EB-0001", key: "1"}', "{code: null}", '{id: "1"}'])
async def test_a_booking_is_asked_for_by_one_key(bikes: Gateway, key: str) -> None:
    body = await bikes.ask(f"{{ bookingBy(key: {key}) {{ code }} }}")
    assert body.get("data") is None or body["data"] == {"bookingBy": None}
    assert body["errors"]


async def test_a_code_of_several_bookings_means_none_of_them(without_mongo: Servers) -> None:
    settings = await existing_store(without_mongo, "bikes", "bikes_codes")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "ALTER TABLE orders DROP CONSTRAINT orders_order_code_key",
        "UPDATE orders SET order_code = 'EB-0001' WHERE order_code = 'EB-0002'",
    )
    async with running(settings) as gateway:
        body = await gateway.ask('{ bookingBy(key: {code: "EB-0001"}) { key } }')
        assert body["data"] == {"bookingBy": None}
        assert codes(body) == ["AMBIGUOUS"]
