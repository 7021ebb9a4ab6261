"""What a crash left is carried on by the next start, and by command; the gateway's own tables are made by command."""

import asyncio
import json
import os
import signal
from dataclasses import replace

import asyncpg
import pytest
from pymongo import MongoClient

from gateway.embedded import EmbeddedStores
from gateway.settings import Settings
from sources.own.migrating import migrate, newest_version
from tests.commanding import run_command
from tests.gateway.test_linking_crashes import child, links, pass_lease, scalar
from tests.gateway.test_linking_together import begun
from tests.loading import existing_store, make_database, run_sql
from tests.running import running

LINK = ["link", ["CRM:8", "ACCOUNT:A13", "DELIVERY:D14"]]
LINKED = {"crm_customer_id": "8", "customer_v2_id": "D14"}


@pytest.fixture
async def store(servers: EmbeddedStores) -> Settings:
    """A store in which a gateway was killed in the middle of a link, some time ago."""
    settings = await existing_store(servers, "grocer", "resuming")
    await migrate(str(settings.postgres_url))
    status, _ = await child(settings, LINK, crash_at="write-2")
    assert status == -9
    await pass_lease(settings)
    return settings


async def test_the_next_start_carries_on_what_was_left(store: Settings) -> None:
    assert links(store)["customers_v2 north D14"] == {}
    async with running(store) as gateway:
        query = "{ linkHistory { nodes { kind records { key } } } }"
        for _ in range(1200):
            found = (await gateway.data(query, tenant="north"))["linkHistory"]["nodes"]
            if found:
                break
            await asyncio.sleep(0.1)
    assert found == [{"kind": "LINKED", "records": [{"key": "8"}, {"key": "A13"}, {"key": "D14"}]}]
    assert links(store)["users north A13"] == LINKED
    assert await scalar(store, "SELECT state FROM gateway.operation") == "APPLIED"


async def test_a_command_carries_on_what_was_left(store: Settings) -> None:
    ran = await run_command(store, "resume", "--json")
    assert ran.status == 0
    assert [one["state"] for one in ran.json] == ["APPLIED"]
    assert links(store)["users north A13"] == LINKED
    ran = await run_command(store, "resume")
    assert (ran.status, ran.out, ran.err) == (0, "", "Nothing was left unfinished.\n")


async def test_what_somebody_else_changed_meanwhile_turns_the_operation_back(store: Settings) -> None:
    """Given a record that was written to between the crash and the next start."""
    with MongoClient[dict[str, object]](store.mongo_url) as client:
        documents = client.get_default_database()["customers_v2"]
        documents.update_one({"id": "D14"}, {"$set": {"user_id": "A12"}})
    ran = await run_command(store, "resume", "--json")
    assert (ran.status, [one["state"] for one in ran.json]) == (0, ["FAILED"])
    assert links(store)["users north A13"] == {"crm_customer_id": "999"}
    assert links(store)["customers_v2 north D14"] == {"user_id": "A12"}
    assert await scalar(store, "SELECT count(*) FROM gateway.claim") == 0
    assert await scalar(store, "SELECT count(*) FROM gateway.link_event") == 0


async def test_whoever_asked_is_told_that_it_was_turned_back(servers: EmbeddedStores) -> None:
    """Given a record that somebody else writes to while a gateway is at work on it."""
    settings = await existing_store(servers, "grocer", "turned_back")
    await migrate(str(settings.postgres_url))
    process = await begun(settings, LINK, halt_at="write-2")
    with MongoClient[dict[str, object]](settings.mongo_url) as client:
        documents = client.get_default_database()["customers_v2"]
        documents.update_one({"id": "D14"}, {"$set": {"user_id": "A12"}})
    os.kill(process.pid, signal.SIGCONT)
    out, _ = await process.communicate()
    assert json.loads(out) == {"state": "FAILED", "event": None, "errors": ["ALREADY_CHANGED"]}
    assert links(settings)["users north A13"] == {"crm_customer_id": "999"}


async def test_tables_of_its_own_are_made_once_and_others_left_alone(servers: EmbeddedStores) -> None:
    settings = await existing_store(servers, "renos", "migrated")
    public = """
        SELECT string_agg(concat(table_name, column_name, data_type), ',' ORDER BY table_name, column_name)
        FROM information_schema.columns WHERE table_schema = 'public'
    """
    before = await one_value(settings, public)
    ran = await run_command(settings, "migrate")
    assert (ran.status, ran.err.strip()) == (
        0,
        f"The gateway's own tables are at version {newest_version()} now; before, there were none.",
    )
    ran = await run_command(settings, "migrate")
    assert ran.err.strip() == f"The gateway's own tables are at version {newest_version()} already."
    assert await one_value(settings, public) == before


async def test_who_may_make_no_tables_is_told(servers: EmbeddedStores) -> None:
    settings = await existing_store(servers, "renos", "unmigrated")
    await run_sql(
        str(settings.postgres_url),
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN",
        "GRANT pg_read_all_data TO reader",
    )
    reader = replace(settings, postgres_url=str(settings.postgres_url).replace("postgres@", "reader@"))
    ran = await run_command(reader, "migrate")
    assert ran.status == 2
    assert "permission denied" in ran.err
    assert "Traceback" not in ran.err
    nowhere = replace(settings, profile="delivery", postgres_url=None, mongo_url="mongodb://127.0.0.1:1/db")
    ran = await run_command(nowhere, "migrate")
    assert ran.status == 2
    assert "GATEWAY_POSTGRES_URL" in ran.err


async def test_a_store_without_a_crm_is_linked_with_tables_beside_it(servers: EmbeddedStores) -> None:
    settings = await existing_store(servers, "delivery", "delivery_linking")
    settings = replace(settings, postgres_url=await make_database(servers, "delivery_linking"))
    await migrate(str(settings.postgres_url))
    mutation = """mutation {
      linkRecords(input: {records: [{store: ACCOUNT, key: "user-3"}, {store: DELIVERY, key: "cust-1"}]}) {
        customers { records { key } linkage totalLeads } operation { state } errors { code } } }"""
    async with running(settings) as gateway:
        found = (await gateway.data(mutation))["linkRecords"]
        assert found["errors"] == []
        assert found["customers"] == [
            {"records": [{"key": "user-3"}, {"key": "cust-1"}], "linkage": "COMPLETE", "totalLeads": None}
        ]
        stores = (await gateway.data("{ stores { store up maps } }"))["stores"]
        assert {one["store"]: one["up"] for one in stores} == {"postgres": True, "mongo": True}


async def one_value(settings: Settings, query: str) -> object:
    connection = await asyncpg.connect(str(settings.postgres_url).replace("+asyncpg", ""))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
