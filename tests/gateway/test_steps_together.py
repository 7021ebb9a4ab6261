"""Steps that are done together: as many statements for many as for few, and nobody stands in another's way."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.operations import Operation, OperationKind
from gateway.opening import opened
from gateway.settings import Settings
from resolvers.operations import operations_of
from resolvers.planned_work import planned_of
from sources.mongo_connection import MongoConnection
from sources.profile_reading import read_profile
from tests.gateway.test_backfill import apply, backfill, documents
from tests.gateway.test_suggestions import delivery_store
from tests.large_backfill import documents as customers
from tests.loading import add_to_mongo, run_sql
from tests.running import running
from tests.servers import Servers

OTHER = f"{uuid.uuid4()}"


async def grown(servers: Servers, name: str, number: int) -> Settings:
    """Load the store with a *number* of customers more, of whom all can be linked or get an account."""
    settings = await delivery_store(servers, name)
    add_to_mongo(str(settings.mongo_url), customers(range(number)))
    return settings


async def backfilled(settings: Settings) -> Operation:
    """Backfill as a command does, in this process."""
    operation = Operation(id=uuid.uuid4(), tenant=None, kind=OperationKind.BACKFILL, by="ada")
    asked = {"limit": None, "create_accounts_for": ["DELIVERY"], "invite": False}
    async with opened(read_profile(settings.profile), settings) as stores:
        planned = planned_of(stores, operations_of(stores), None)
        assert planned is not None
        await planned.run(operation, asked, live=True)
    return operation


async def test_as_many_statements_are_sent_for_many_steps_as_for_few(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    ask = MongoConnection._asked

    async def counted(self: MongoConnection, send: Callable[[], Awaitable[Any]]) -> Any:
        asked.append(send)
        return await ask(self, send)

    monkeypatch.setattr(MongoConnection, "_asked", counted)
    sent = []
    for number in (20, 80):
        settings = await grown(servers, f"together_{number}", number)
        asked.clear()
        await backfilled(settings)
        sent.append(len(asked))
        found = documents(settings)
        assert all(found[f"LD{one}"]["user_id"] for one in range(number))
    assert sent[0] == sent[1]


async def test_a_step_whose_record_is_anothers_stands_in_nobodys_way(servers: Servers) -> None:
    settings = await delivery_store(servers, "held")
    claim = f"""INSERT INTO gateway.operation (id, tenant, kind, state, by, created_at, plan, counts, lease_until)
        VALUES ('{OTHER}', '', 'LINK', 'RUNNING', 'bo', now(), '{{}}', '{{}}', now() + interval '1 hour');
        INSERT INTO gateway.claim VALUES ('', 'ACCOUNT:user-3', '{OTHER}')"""
    async with running(settings) as gateway:
        planned = await backfill(gateway)
        await run_sql(str(settings.postgres_url), claim)
        done = await apply(gateway, planned["id"])
    assert done["state"] == "APPLIED"
    assert {name: number for name, number in done["counts"].items() if number} == {
        "linked": 1, "repaired": 1, "created": 2, "leftForReview": 1, "failed": 1,
    }  # fmt: skip
    (told,) = (step["message"] for step in done["steps"]["nodes"] if step["records"][0]["key"] == "user-3")
    assert told == "Another operation is at work on one of these records: try again in a moment."


async def test_customers_with_one_address_get_one_account(servers: Servers) -> None:
    """Given two who would log in with the same, and a step for each of them."""
    settings = await delivery_store(servers, "twins")
    at = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None).isoformat()
    twins = [
        {"id": f"twin-{one}", "email": email, "name": "Twin", "status": "active", "created_at": at}
        for one, email in enumerate(["pair@home.example", "PAIR@home.example"])
    ]
    add_to_mongo(str(settings.mongo_url), {"customers_v2": twins})
    async with running(settings) as gateway:
        planned = await backfill(gateway)
        made = [step["records"][0]["key"] for step in planned["steps"]["nodes"] if step["kind"] == "CREATE"]
        assert {"twin-0", "twin-1"} <= set(made)
        done = await apply(gateway, planned["id"])
    assert done["counts"]["created"] == planned["counts"]["created"] - 1
    found = documents(settings)
    assert found["twin-0"].get("user_id") is not None
    assert found["twin-1"].get("user_id") is None
    emails = [one["email"].lower() for one in found.values() if one.get("role") == "customer"]
    assert len(emails) == len(set(emails))


async def test_two_gateways_at_the_same_steps_do_each_once(servers: Servers) -> None:
    """Given the steps of two plans, made of the same store."""
    settings = await grown(servers, "rivals", 40)
    await asyncio.gather(backfilled(settings), backfilled(settings))
    found = documents(settings)
    users = {key: one for key, one in found.items() if one.get("role") == "customer"}
    for key, one in users.items():
        if (named := one.get("customer_v2_id")) is not None and named in found:
            assert found[named]["user_id"] == key
    owners = [found[f"LD{one}"]["user_id"] for one in range(40)]
    assert len(set(owners)) == 40
    assert len([one for one in users.values() if str(one.get("customer_v2_id")).startswith("LD")]) == 40
