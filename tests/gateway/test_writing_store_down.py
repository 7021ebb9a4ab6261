"""What is asked to be written while a store is down: an error that names the store, and nothing begun."""

from dataclasses import replace

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from tests.gateway.test_linking_crashes import scalar
from tests.loading import existing_store, indexed
from tests.running import running
from tests.servers import Servers

ONE = encode_id("Customer", "north", "1", RecordKind.CRM)
SEVEN = encode_id("Customer", "north", "7", RecordKind.CRM)
PAIR = '[{store: CRM, key: "8"}, {store: ACCOUNT, key: "A13"}]'
WRITES = f"""mutation {{
  linkRecords(input: {{records: {PAIR}}}) {{ errors {{ code }} }}
  unlinkRecord(input: {{record: {{store: ACCOUNT, key: "A1"}}}}) {{ errors {{ code }} }}
  createCustomer(input: {{name: "Ann", email: "ann@new.example"}}) {{ errors {{ code }} }}
  updateCustomer(input: {{id: "{ONE}", name: "Ann"}}) {{ errors {{ code }} }}
  createAccount(input: {{customerId: "{SEVEN}", email: "ann@new.example"}}) {{ errors {{ code }} }}
  createInvitation(input: {{customerId: "{ONE}"}}) {{ errors {{ code }} }}
  backfillLinks(input: {{dryRun: false}}) {{ errors {{ code }} }}
  attachOrphanedLeads(input: {{dryRun: false}}) {{ errors {{ code }} }}
}}"""
MONGO, POSTGRES = "mongodb://127.0.0.1:1/nowhere", "postgresql://nobody@127.0.0.1:1/nowhere"


@pytest.mark.parametrize("store", ["mongo", "postgres"])
async def test_nothing_is_begun_and_the_store_is_named(servers: Servers, store: str) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "writing_down"))
    nowhere = {"mongo": replace(settings, mongo_url=MONGO), "postgres": replace(settings, postgres_url=POSTGRES)}
    async with running(nowhere[store]) as gateway:
        body = await gateway.ask(WRITES, tenant="north")
    assert set(body["data"].values()) == {None}
    assert len(body["data"]) == len(body["errors"]) == 8
    for error in body["errors"]:
        assert (error["extensions"]["code"], error["extensions"]["store"]) == ("SOURCE_UNAVAILABLE", store)
        assert "127.0.0.1" not in error["message"]
    assert await scalar(settings, "SELECT count(*) FROM gateway.claim") == 0
    unfinished = "SELECT count(*) FROM gateway.operation WHERE state NOT IN ('FAILED', 'APPLIED')"
    assert await scalar(settings, unfinished) == 0
