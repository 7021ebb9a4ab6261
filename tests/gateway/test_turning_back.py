"""What is turned back where the stores have rules of their own: whatever can be is, and nothing stays unfinished."""

from typing import Any

from pymongo import MongoClient

from sources.own.migrating import migrate
from tests.gateway.test_creating import UPDATE, faults, written
from tests.gateway.test_linking_crashes import scalar
from tests.gateway.test_writing_store_down import ONE
from tests.loading import existing_store, run_sql
from tests.running import running
from tests.servers import Servers


async def test_a_row_that_the_crm_lets_nobody_change_back_stays_and_is_told(servers: Servers) -> None:
    """Given an index that is against a name, and a rule that is against the one before."""
    settings = await existing_store(servers, "grocer", "turning_back")
    await migrate(str(settings.postgres_url))
    await run_sql(
        str(settings.postgres_url),
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never again'; END $$",
        "CREATE TRIGGER no BEFORE UPDATE ON customers FOR EACH ROW WHEN (NEW.name = 'One') EXECUTE FUNCTION no()",
    )
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        client.get_default_database()["users"].create_index("name", unique=True)
    async with running(settings) as gateway:
        payload = await written(gateway, UPDATE, id=ONE, name="Account A2", phone="+4520000009")
        assert faults(payload) == [("ALREADY_CHANGED", [])]
        assert "customer 1" in payload["errors"][0]["message"]
        assert (payload["operation"]["state"], payload["customer"]["phone"]) == ("FAILED", "+4520000001")
        names = {one["store"]: one["name"] for one in payload["customer"]["records"]}
        assert names == {"CRM": "Account A2", "ACCOUNT": "Account A1", "DELIVERY": "Delivery D1"}
        assert await scalar(settings, "SELECT count(*) FROM gateway.claim") == 0
