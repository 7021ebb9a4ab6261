"""Backfills, through HTTP: planned, looked at, applied; what comes of them is what is expected."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from domain.access import Role
from domain.ids import OPERATION as OPERATION_ID
from domain.ids import encode_id
from gateway.settings import Settings
from tests.gateway.test_suggestions import FIGURES, delivery_store
from tests.loading import EXPECTED
from tests.post import post_office
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["delivery"]
OPERATION = """id kind state by done total counts { linked repaired created attached leftForReview failed }
  steps(first: 50) { totalCount nodes { kind records { store key } lead message done } }"""
BACKFILL = f"""mutation ($input: BackfillInput!) {{
  backfillLinks(input: $input) {{ operation {{ {OPERATION} }} errors {{ code message path }} }} }}"""
APPLY = f"""mutation ($id: ID!, $key: String) {{
  applyOperation(input: {{operationId: $id, idempotencyKey: $key}}) {{
    operation {{ {OPERATION} }} errors {{ code message path }} }} }}"""


@pytest.fixture
async def store(servers: Servers) -> Settings:
    return await delivery_store(servers, "backfilling")


@pytest.fixture
async def gateway(store: Settings) -> AsyncIterator[Gateway]:
    async with running(store) as serving:
        yield serving


async def backfill(gateway: Gateway, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await gateway.data(BACKFILL, {"input": given}))["backfillLinks"]
    assert payload["errors"] == []
    return await ended(gateway, payload["operation"])


async def apply(gateway: Gateway, id_: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await gateway.data(APPLY, {"id": id_}))["applyOperation"]
    assert payload["errors"] == []
    return await ended(gateway, payload["operation"])


async def ended(gateway: Gateway, operation: dict[str, Any]) -> dict[str, Any]:
    """Wait until nobody is at work on it."""
    while operation["state"] in ("RUNNING", "PENDING"):
        await asyncio.sleep(0.2)
        query = f"query ($id: ID!) {{ operation(id: $id) {{ {OPERATION} }} }}"
        operation = (await gateway.data(query, {"id": operation["id"]}))["operation"]
    return operation


def documents(settings: Settings) -> dict[str, Any]:
    """Read every document as it is stored."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(settings.mongo_url) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        return {
            document["id"]: document
            for name in ("users", "customers_v2")
            for document in database[name].find({}, {"_id": False})
        }


def changed(settings: Settings, collection: str, key: str, fields: dict[str, Any]) -> None:
    client: MongoClient[dict[str, Any]]
    with MongoClient(settings.mongo_url) as client:
        client.get_default_database()[collection].update_one({"id": key}, {"$set": fields})


async def test_a_dry_run_plans_and_writes_nothing(gateway: Gateway, store: Settings) -> None:
    before = documents(store)
    planned = await backfill(gateway)
    assert planned["state"] == "PLANNED"
    assert planned["kind"] == "BACKFILL"
    assert planned["counts"] == STORE["backfill"]["counts"]
    assert planned["done"] == 0
    steps = planned["steps"]["nodes"]
    assert planned["total"] == planned["steps"]["totalCount"] == len(steps) == 6
    assert not any(step["done"] for step in steps)
    assert {step["records"][0]["key"] for step in steps if step["kind"] == "LINK"} == {"user-3", "user-4"}
    assert documents(store) == before


async def test_a_plan_is_applied_once(gateway: Gateway, store: Settings) -> None:
    planned = await backfill(gateway)
    done = await apply(gateway, planned["id"])
    assert done["state"] == "APPLIED"
    assert done["counts"] == STORE["backfill"]["counts"]
    assert done["done"] == done["total"] == 6
    assert all(step["done"] for step in done["steps"]["nodes"])
    figures = (await gateway.data(f"{{ linkage {{ {FIGURES} }} }}"))["linkage"]
    expected = STORE["linkageAfterBackfill"]
    assert {name: figures[name] for name in expected} == expected
    after = documents(store)
    assert after["user-5"]["customer_v2_id"] == "cust-3"
    assert after["cust-3"]["user_id"] == "user-5"
    assert (await apply(gateway, planned["id"])) == done
    again = await backfill(gateway, dryRun=False)
    assert again["state"] == "APPLIED"
    assert {name: number for name, number in again["counts"].items() if number} == {"leftForReview": 1}
    assert documents(store) == after


async def test_nobody_is_mailed_unless_that_is_asked(servers: Servers) -> None:
    async with post_office() as box:
        settings = replace(await delivery_store(servers, "inviting"), smtp_url=box.url)
        async with running(settings) as gateway:
            one = await backfill(gateway, dryRun=False, limit=4)
            assert one["counts"]["created"] == 1
            assert box.letters == []
            other = await backfill(gateway, dryRun=False, invite=True)
            assert other["counts"]["created"] == 1
        # One has a made-up address, which is never mailed.
        assert [letter["to"] for letter in box.letters] == ["esha@home.example"]


async def test_what_does_not_hold_any_more_is_left(gateway: Gateway, store: Settings) -> None:
    planned = await backfill(gateway)
    changed(store, "customers_v2", "cust-1", {"phone": "9999999999"})
    changed(store, "users", "user-5", {"customer_v2_id": "cust-gone"})
    changed(store, "users", "user-6", {"customer_v2_id": "cust-4"})
    before = documents(store)
    done = await apply(gateway, planned["id"])
    assert done["state"] == "APPLIED"
    told = {
        step["records"][0]["key"]: step["message"]
        for step in done["steps"]["nodes"]
        if step["kind"] != "LEAVE_FOR_REVIEW"
    }
    assert told["user-3"] == "They are not certainly one any more: not linked."
    assert told["user-5"] == "The link has been changed since: nothing to repair."
    assert "It has an account by now." in told.values()
    assert done["counts"] == {"linked": 1, "repaired": 0, "created": 1, "attached": 0, "leftForReview": 2, "failed": 0}
    after = documents(store)
    assert {key: after[key] for key in ("user-3", "user-5", "user-6", "cust-1", "cust-3", "cust-4")} == {
        key: before[key] for key in ("user-3", "user-5", "user-6", "cust-1", "cust-3", "cust-4")
    }


async def test_staff_are_never_touched(gateway: Gateway, store: Settings) -> None:
    changed(store, "customers_v2", "cust-4", {"email": "ram@fleet.example", "phone": "9000000002"})
    before = documents(store)
    done = await backfill(gateway, dryRun=False)
    assert done["counts"]["created"] == 1
    (left,) = (step for step in done["steps"]["nodes"] if step["kind"] == "CREATE" and "cust-4" in str(step["records"]))
    assert left["done"]
    after = documents(store)
    assert (after["user-1"], after["user-2"]) == (before["user-1"], before["user-2"])
    assert after["cust-4"] == before["cust-4"]


async def test_wrong_input_is_refused(gateway: Gateway) -> None:
    async def codes(**given: Any) -> list[tuple[str, list[str]]]:
        payload = (await gateway.data(BACKFILL, {"input": given}))["backfillLinks"]
        assert payload["operation"] is None
        return [(error["code"], error["path"]) for error in payload["errors"]]

    assert await codes(limit=0) == [("INVALID", ["limit"])]
    assert await codes(createAccountsFor=["ACCOUNT"]) == [("INVALID", ["createAccountsFor"])]
    assert await codes(idempotencyKey="x" * 201) == [("TOO_LONG", ["idempotencyKey"])]
    assert await codes(invite=True) == [("NOT_MAPPED", ["invite"])]
    one = await backfill(gateway, idempotencyKey="k")
    assert (await backfill(gateway, idempotencyKey="k"))["id"] == one["id"]
    assert await codes(idempotencyKey="k", limit=1) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]


async def test_only_what_was_planned_can_be_applied(gateway: Gateway) -> None:
    async def code(id_: str) -> str:
        payload = (await gateway.data(APPLY, {"id": id_}))["applyOperation"]
        assert payload["operation"] is None
        found: str = payload["errors"][0]["code"]
        return found

    link = """mutation { linkRecords(input: {records: [
        {store: ACCOUNT, key: "user-6"}, {store: DELIVERY, key: "cust-4"}
      ]}) { operation { id steps { totalCount } } } }"""
    linked = (await gateway.data(link))["linkRecords"]["operation"]
    assert linked["steps"] is None
    assert await code(linked["id"]) == "INVALID"
    assert await code("x") == "INVALID"
    assert await code(encode_id(OPERATION_ID, None, str(uuid.uuid4()))) == "NOT_FOUND"
    assert await code(encode_id(OPERATION_ID, "other", str(uuid.uuid4()))) == "NOT_FOUND"
    body = await gateway.ask(BACKFILL, {"input": {}}, roles=[Role.READER])
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_steps_come_in_pages(gateway: Gateway) -> None:
    planned = await backfill(gateway)
    query = """query ($id: ID!, $after: String) { operation(id: $id) { steps(first: 4, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { message } } } }"""
    one = (await gateway.data(query, {"id": planned["id"]}))["operation"]["steps"]
    other = await gateway.data(query, {"id": planned["id"], "after": one["pageInfo"]["endCursor"]})
    rest = other["operation"]["steps"]
    assert (one["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert len(one["nodes"]) + len(rest["nodes"]) == one["totalCount"] == 6
    body = await gateway.ask(query, {"id": planned["id"], "after": "x"})
    assert body["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
