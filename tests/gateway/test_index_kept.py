"""A gateway that keeps the identifier index beside its other work."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.embedded import EmbeddedStores
from sources.own import leases
from sources.own.migrating import migrate
from sources.own.store import OwnStore
from tests.answers import codes
from tests.loading import add_to_mongo, existing_store, indexed, run_sql
from tests.running import Gateway, running

NORTH: dict[str, Any] = {"tenant": "north"}
OFTEN = 0.1
BY_EMAIL = "query ($email: String!) { customerBy(key: {email: $email}) { name } }"


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """Run servers that these tests may stop."""
    with EmbeddedStores(tmp_path_factory.mktemp("kept")) as stores:
        yield stores
        stores.remove()


@pytest.fixture
async def gateway(own_servers: EmbeddedStores) -> AsyncIterator[Gateway]:
    """Serve a store of its own, whose index was filled once, and look at it often."""
    settings = await indexed(await existing_store(own_servers, "grocer", "kept"))
    async with running(replace(settings, index_seconds=OFTEN, store_timeout=2.0)) as gateway:
        yield gateway


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(1200):
        if await is_so():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("what was waited for did not come")


async def add_customer(gateway: Gateway, key: int, email: str) -> None:
    row = f"('north', {key}, 'New', '{email}', NULL, 'web', now())"
    await run_sql(str(gateway.settings.postgres_url), f"INSERT INTO customers VALUES {row}")


def known(gateway: Gateway, email: str) -> Callable[[], Awaitable[bool]]:
    async def is_known() -> bool:
        body = await gateway.ask(BY_EMAIL, {"email": email}, **NORTH)
        return (body.get("data") or {}).get("customerBy") is not None

    return is_known


def blame(answer: dict[str, Any]) -> str | None:
    """Name the store that could not be asked; None where the customer was found."""
    if "errors" not in answer:
        assert answer["data"]["customerBy"] is not None
        return None
    assert codes(answer) == ["SOURCE_UNAVAILABLE"]
    store: str = answer["errors"][0]["extensions"]["store"]
    return store


async def test_new_records_of_both_stores_are_found_soon(gateway: Gateway) -> None:
    await add_customer(gateway, 50, "new50@x.example")
    account = {"org": "north", "id": "N1", "role": "customer", "email": "new51@x.example", "name": "New"}
    add_to_mongo(str(gateway.settings.mongo_url), {"users": [account | {"created_at": datetime.now(UTC)}]})

    await until(known(gateway, "new50@x.example"))
    await until(known(gateway, "new51@x.example"))


async def test_an_index_that_was_never_filled_is_filled_in_time(own_servers: EmbeddedStores) -> None:
    settings = await existing_store(own_servers, "grocer", "kept_first")
    await migrate(str(settings.postgres_url))
    async with running(replace(settings, index_seconds=OFTEN)) as gateway:
        for tenant, email in (("north", "one@grocer.example"), ("south", "a1@south.example")):

            async def is_found(tenant: str = tenant, email: str = email) -> bool:
                body = await gateway.ask(BY_EMAIL, {"email": email}, tenant=tenant)
                return "errors" not in body and body["data"]["customerBy"] is not None

            await until(is_found)


async def test_one_gateway_at_a_time_keeps_it(gateway: Gateway) -> None:
    own, other = OwnStore(str(gateway.settings.postgres_url), 5), uuid.uuid4()
    try:

        async def is_free() -> bool:
            # Between two looks of the gateway, its lease has to be let run out: as if it had died.
            await run_sql(str(gateway.settings.postgres_url), "UPDATE gateway.lease SET until = now() - interval '1s'")
            return await leases.take(own, "index", other)

        await until(is_free)
        # A look that had begun before may still go on to its end, and finds what it finds.
        for key in range(60, 65):
            last = f"new{key}@x.example"
            await add_customer(gateway, key, last)
            await asyncio.sleep(10 * OFTEN)
            if not await known(gateway, last)():
                break
        else:
            raise AssertionError("what was new went on to be found")

        await leases.release(own, "index", other)
        await until(known(gateway, last))
    finally:
        await own.close()


async def test_a_store_that_goes_down_is_waited_for_in_silence(
    own_servers: EmbeddedStores, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    crm, account = {"email": "one@grocer.example"}, {"email": "a1@north.example"}
    for server, blamed in ((own_servers.mongo, [None, "mongo"]), (own_servers.postgres, ["postgres"] * 2)):
        await asyncio.to_thread(server.stop)
        await gateway.until_ready(up=False)
        answers = [await gateway.ask(BY_EMAIL, asked, **NORTH) for asked in (crm, account)]
        assert [blame(answer) for answer in answers] == blamed
        await asyncio.sleep(5 * OFTEN)
        await asyncio.to_thread(server.start)
        await gateway.until_ready()
    key = 70
    await add_customer(gateway, key, "new70@x.example")

    await until(known(gateway, "new70@x.example"))
    assert not [record for record in caplog.records if "index" in record.getMessage()]


async def test_a_gateway_that_ends_lets_another_one_go_on_at_once(own_servers: EmbeddedStores) -> None:
    settings = await indexed(await existing_store(own_servers, "grocer", "kept_on"))
    own, other = OwnStore(str(settings.postgres_url), 5), uuid.uuid4()

    async def is_kept() -> bool:
        if not await leases.take(own, "index", other):
            return True
        await leases.release(own, "index", other)
        return False

    try:
        async with running(replace(settings, index_seconds=OFTEN)):
            await until(is_kept)
        assert not await is_kept()
    finally:
        await own.close()
