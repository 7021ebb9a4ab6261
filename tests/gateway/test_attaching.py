"""Orphaned leads are attached to their customers, through HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.settings import Settings
from tests.gateway.test_backfill import OPERATION, apply, ended
from tests.loading import EXPECTED, existing_store, indexed, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

ORPHANS: dict[str, Any] = EXPECTED["renos"]["orphanLeads"]
AFTER: dict[str, Any] = EXPECTED["renos"]["afterFixRelations"]
ATTACH = f"""mutation ($input: AttachLeadsInput!) {{
  attachOrphanedLeads(input: $input) {{ operation {{ {OPERATION} }} errors {{ code message path }} }} }}"""
LEADS = "{ leads(first: 100) { nodes { id key customer { records { key } } } } linkage { orphanedLeads } }"


@pytest.fixture
async def store(without_mongo: Servers) -> Settings:
    return await indexed(await existing_store(without_mongo, "renos", "attaching"))


@pytest.fixture
async def gateway(store: Settings) -> AsyncIterator[Gateway]:
    async with running(store) as serving:
        yield serving


async def attach(gateway: Gateway, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await gateway.data(ATTACH, {"input": given}))["attachOrphanedLeads"]
    assert payload["errors"] == []
    return await ended(gateway, payload["operation"])


async def customers_of_leads(gateway: Gateway) -> dict[str, str | None]:
    leads = (await gateway.data(LEADS))["leads"]["nodes"]
    return {lead["key"]: lead["customer"] and lead["customer"]["records"][0]["key"] for lead in leads}


async def test_leads_go_to_the_customer_with_their_email(gateway: Gateway) -> None:
    before = await customers_of_leads(gateway)
    planned = await attach(gateway, createCustomers=False)
    assert (planned["kind"], planned["state"]) == ("ATTACH_LEADS", "PLANNED")
    assert await customers_of_leads(gateway) == before
    kinds = [step["kind"] for step in planned["steps"]["nodes"]]
    assert sorted(kinds) == ["ATTACH", "ATTACH", "LEAVE_FOR_REVIEW", "LEAVE_FOR_REVIEW"]
    leads = {lead["id"]: lead["key"] for lead in (await gateway.data(LEADS))["leads"]["nodes"]}
    attached = {
        leads[step["lead"]]: step["records"][0]["key"] for step in planned["steps"]["nodes"] if step["kind"] == "ATTACH"
    }
    assert attached == ORPHANS["linkable"]
    done = await apply(gateway, planned["id"])
    assert done["state"] == "APPLIED"
    assert (done["counts"]["attached"], done["counts"]["leftForReview"]) == (2, 2)
    after = await customers_of_leads(gateway)
    assert after == before | ORPHANS["linkable"]
    for customer in ("ckx-birk", "ckx-celia"):
        asked = f'{{ customerBy(key: {{crm: "{customer}"}}) {{ totalLeads }} }}'
        assert (await gateway.data(asked))["customerBy"] == AFTER[customer]
    again = await attach(gateway, dryRun=False, createCustomers=False)
    assert (again["counts"]["attached"], again["counts"]["leftForReview"]) == (0, 2)


async def test_a_lead_whose_plan_does_not_hold_any_more_is_left(gateway: Gateway, store: Settings) -> None:
    planned = await attach(gateway, createCustomers=False)
    assert store.postgres_url is not None
    await run_sql(
        store.postgres_url,
        """UPDATE "Lead" SET "customerId" = 'ckx-dagny' WHERE "id" = 'lead-o1'""",
        """UPDATE "Customer" SET "email" = NULL WHERE "id" = 'ckx-birk'""",
    )
    done = await apply(gateway, planned["id"])
    told = {step["message"] for step in done["steps"]["nodes"] if step["kind"] == "ATTACH"}
    assert told == {"It has a customer by now.", "Its customer is another, or gone, by now."}
    assert done["counts"]["attached"] == 0
    after = await customers_of_leads(gateway)
    assert (after["lead-o1"], after["lead-o2"]) == ("ckx-dagny", None)


async def test_a_lead_of_several_customers_is_left_for_review(gateway: Gateway, store: Settings) -> None:
    assert store.postgres_url is not None
    twin = """INSERT INTO "Customer" ("id", "name", "email", "createdAt")
        VALUES ('ckx-twin', 'Birk again', 'BIRK@holm.example', now())"""
    await run_sql(store.postgres_url, twin)
    planned = await attach(gateway, createCustomers=False)
    left = [step["message"] for step in planned["steps"]["nodes"] if step["kind"] == "LEAVE_FOR_REVIEW"]
    assert "Several customers have the e-mail birk@holm.example." in left
    assert planned["counts"]["attached"] == 1


async def test_limits_hold_and_wrong_ones_are_refused(gateway: Gateway) -> None:
    planned = await attach(gateway, createCustomers=False, limit=1)
    assert planned["counts"]["attached"] == 1
    payload = (await gateway.data(ATTACH, {"input": {"limit": 0}}))["attachOrphanedLeads"]
    assert payload["operation"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("INVALID", ["limit"])]


async def test_the_same_key_begins_one_operation(gateway: Gateway) -> None:
    one = await attach(gateway, createCustomers=False, idempotencyKey="k")
    assert (await attach(gateway, createCustomers=False, idempotencyKey="k"))["id"] == one["id"]
    payload = (await gateway.data(ATTACH, {"input": {"limit": 3, "idempotencyKey": "k"}}))["attachOrphanedLeads"]
    assert payload["errors"][0]["code"] == "IDEMPOTENCY_MISMATCH"


async def test_customers_are_created_where_there_is_none(gateway: Gateway) -> None:
    planned = await attach(gateway)
    assert planned["counts"]["created"] == len(ORPHANS["createCustomer"])
    assert planned["counts"]["attached"] == 3
    done = await apply(gateway, planned["id"])
    assert done["state"] == "APPLIED"
    assert done["counts"] == planned["counts"]
    assert done["counts"]["leftForReview"] == len(ORPHANS["unresolvable"])
    customers = (await gateway.data("{ customers { nodes { name email totalLeads } } }"))["customers"]["nodes"]
    (new,) = (one for one in customers if one["name"] in AFTER["newCustomers"])
    assert new == {"name": "Erna Friis", "email": "erna@friis.example", "totalLeads": 1}
    again = await attach(gateway, dryRun=False)
    assert {name: number for name, number in again["counts"].items() if number} == {"leftForReview": 1}


async def test_a_lead_whose_email_is_none_makes_no_customer(gateway: Gateway, store: Settings) -> None:
    """Given one that has nothing else, and one whose phone number says who asked."""
    assert store.postgres_url is not None
    lead = """INSERT INTO "Lead" ("id", "name", "email", "phone", "source", "status", "createdAt", "updatedAt")
        VALUES ('{}', 'Finn', 'none given', {}, 'web', 'new', '2025-10-09', '2025-10-09')"""
    await run_sql(store.postgres_url, lead.format("lead-o6", "NULL"), lead.format("lead-o7", "'+45 33 33 33 33'"))
    planned = await attach(gateway)
    done = await apply(gateway, planned["id"])
    assert done["counts"] == planned["counts"]
    assert (done["counts"]["created"], done["counts"]["leftForReview"]) == (2, len(ORPHANS["unresolvable"]) + 1)
    after = await customers_of_leads(gateway)
    assert (after["lead-o6"], after["lead-o7"] is None) == (None, False)
    again = await attach(gateway, dryRun=False)
    assert {name: number for name, number in again["counts"].items() if number} == {"leftForReview": 2}


async def test_a_lead_whose_customer_cannot_be_created_is_counted_once(gateway: Gateway, store: Settings) -> None:
    assert store.postgres_url is not None
    await run_sql(
        store.postgres_url, """ALTER TABLE "Customer" ADD CONSTRAINT nobody CHECK ("name" <> 'Erna Friis') NOT VALID"""
    )
    done = await attach(gateway, dryRun=False)
    assert (done["state"], done["counts"]["created"]) == ("APPLIED", 0)
    assert done["counts"]["leftForReview"] == len(ORPHANS["unresolvable"]) + 1
    messages = [step["message"] for step in done["steps"]["nodes"] if step["kind"] in ("CREATE", "ATTACH")][-2:]
    assert "nobody" in messages[0]
    assert messages[1] == "Its customer was not created."


@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"], ids=["at once", "at the end"])
async def test_what_the_store_does_not_take_is_told_in_words_of_the_gateway(
    gateway: Gateway, store: Settings, when: str
) -> None:
    """Given a rule of the store that keeps one lead from its customer: the others are attached all the same."""
    assert store.postgres_url is not None
    await run_sql(
        store.postgres_url,
        """CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'secret words of %', NEW."email"; END $$""",
        f"""CREATE CONSTRAINT TRIGGER no AFTER UPDATE ON "Lead" {when} FOR EACH ROW
            WHEN (NEW."email" = 'birk@holm.example') EXECUTE FUNCTION no()""",
    )
    done = await attach(gateway, dryRun=False, createCustomers=False)
    assert (done["counts"]["attached"], done["counts"]["failed"]) == (1, 1)
    (message,) = [step["message"] for step in done["steps"]["nodes"] if "refuses" in step["message"]]
    assert "secret" not in message


async def test_leads_of_one_person_get_one_customer(gateway: Gateway, store: Settings) -> None:
    assert store.postgres_url is not None
    lead = """INSERT INTO "Lead" ("id", "name", "email", "source", "status", "createdAt", "updatedAt")
        VALUES ('lead-o5', 'E. Friis', 'ERNA@friis.example', 'web', 'new', '2025-10-09', '2025-10-09')"""
    await run_sql(store.postgres_url, lead)
    done = await attach(gateway, dryRun=False)
    assert (done["counts"]["created"], done["counts"]["attached"]) == (1, 4)
    after = await customers_of_leads(gateway)
    assert after["lead-o3"] == after["lead-o5"] is not None
