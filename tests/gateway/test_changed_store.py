"""A store that changes under the gateway: what is not concerned goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sources.availability import COOLDOWN
from tests.answers import codes
from tests.loading import existing_store, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

NORTH: dict[str, Any] = {"tenant": "north"}
BOOKINGS = "{ bookings { nodes { key } } }"
CUSTOMERS = "{ customers { totalCount nodes { createdAt totalLeads } } }"


@pytest.fixture
async def changing(servers: Servers) -> AsyncIterator[Gateway]:
    """A store of its own for each test, which may change it."""
    async with running(await existing_store(servers, "grocer", "changing")) as gateway:
        yield gateway


async def change(gateway: Gateway, statement: str) -> None:
    assert gateway.settings.postgres_url is not None
    await run_sql(gateway.settings.postgres_url, statement)


async def test_a_dropped_column_takes_only_its_own_section_and_is_forgiven(changing: Gateway) -> None:
    whole = await changing.data(CUSTOMERS, **NORTH)
    bookings = await changing.data(BOOKINGS, **NORTH)
    await change(changing, "ALTER TABLE bookings RENAME start_at TO begins")
    for _ in range(2):
        body = await changing.ask(BOOKINGS, **NORTH)
        assert body["data"] == {"bookings": None}
        assert codes(body) == ["SOURCE_MISMATCH"]
        assert body["errors"][0]["extensions"]["store"] == "postgres"
        assert "begins" not in str(body)
        assert "start_at" not in str(body)
        assert await changing.data(CUSTOMERS, **NORTH) == whole
    await change(changing, "ALTER TABLE bookings RENAME begins TO start_at")
    await asyncio.sleep(2 * COOLDOWN)
    assert await changing.data(BOOKINGS, **NORTH) == bookings


async def test_a_column_of_another_type_is_read_as_it_is_from_then_on(changing: Gateway) -> None:
    whole = await changing.data(CUSTOMERS, **NORTH)
    await change(changing, "ALTER TABLE customers ALTER created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC'")
    await asyncio.gather(*(changing.ask(CUSTOMERS, **NORTH) for _ in range(2)))
    for _ in range(20):
        assert await changing.data(CUSTOMERS, **NORTH) == whole


async def test_a_connection_that_prepared_nothing_notices_another_type_as_well(servers: Servers) -> None:
    """Given a statement that no connection has prepared, so that none of them fails with it."""
    async with running(await existing_store(servers, "grocer", "changing")) as gateway:
        await gateway.data("{ leads { nodes { key } } }", **NORTH)  # what the database is like is known now
        await change(gateway, "ALTER TABLE customers ALTER created_at TYPE date USING created_at")
        query = "{ customers(last: 9) { missingStores nodes { name createdAt } } }"
        assert (await gateway.data(query, **NORTH))["customers"]["missingStores"] == ["postgres"]
        found = (await gateway.data(query, **NORTH))["customers"]
        assert found["missingStores"] == []
        assert {"name": "Eight", "createdAt": "2025-01-03T00:00:00+00:00"} in found["nodes"]
