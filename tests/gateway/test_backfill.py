"""Backfills, through HTTP: planned, looked at, applied; what comes of them is what is expected."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from gateway.settings import Settings
from tests.gateway.test_suggestions import FIGURES, delivery_store
from tests.loading import EXPECTED
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
