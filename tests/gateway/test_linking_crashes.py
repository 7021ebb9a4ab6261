"""A gateway that is killed at any point of an operation leaves records linked or not linked, never half.

In CI every point of one operation of each kind; `make crash` (GATEWAY_TEST_CRASHES=all) goes through more shapes.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from sqlalchemy import text

from domain.operations import OperationState
from gateway.embedded import EmbeddedStores
from gateway.resuming import carry_on_all
from gateway.settings import Settings
from resolvers.linking import Linking
from sources.own.migrating import migrate
from tests.linker import do, linking
from tests.loading import existing_store, run_sql

ROOT = Path(__file__).parents[2]
#: What is done, after what was done before; and how many writes it takes.
SHAPES: dict[str, tuple[list[Any], list[Any], int]] = {
    "link three": ([], ["link", ["CRM:8", "ACCOUNT:A13", "DELIVERY:D14"]], 4),
    "cut one of three": ([], ["unlink", "ACCOUNT:A1"], 3),
    "undo a link": ([["link", ["CRM:8", "DELIVERY:D14"]]], ["undo", 1], 1),
    "undo a cut": ([["unlink", "ACCOUNT:A1"]], ["undo", 1], 3),
    "cut a row that two claim": ([], ["unlink", "CRM:4"], 2),
}
SHORT = ("link three", "cut one of three", "undo a cut")


def points(writes: int) -> Iterator[str]:
    yield "before-intent"
    yield "after-intent"
    yield from (f"write-{number}" for number in range(writes))
    yield "before-applied"
    yield "after-applied"


CASES: list[tuple[str, str]] = [
    (shape, point)
    for shape, (_, _, writes) in SHAPES.items()
    if shape in SHORT or os.environ.get("GATEWAY_TEST_CRASHES") == "all"
    for point in points(writes)
]


@pytest.fixture
async def store(servers: EmbeddedStores) -> Settings:
    settings = await existing_store(servers, "grocer", "crashes")
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    return settings


def links(settings: Settings) -> dict[str, dict[str, Any]]:
    """Read the link fields of every document, as they are stored."""
    assert settings.mongo_url is not None
    client: MongoClient[dict[str, Any]]
    found: dict[str, dict[str, Any]] = {}
    with MongoClient(settings.mongo_url) as client:
        for collection in ("users", "customers_v2"):
            database: Database[dict[str, Any]] = client.get_default_database()
            for document in database[collection].find({}):
                names = ("crm_customer_id", "customer_v2_id", "user_id")
                key = f"{collection} {document['org']} {document['id']}"
                found[key] = {name: document[name] for name in names if document.get(name) is not None}
    return found


async def child(settings: Settings, *commands: list[Any], crash_at: str = "") -> tuple[int, list[dict[str, Any]]]:
    """Do *commands* in a process of its own; answer how it ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.linker", settings.profile, str(settings.postgres_url), str(settings.mongo_url)),
        *("north", json.dumps(commands)),
        cwd=ROOT,
        env=os.environ | {"GATEWAY_TEST_CRASH_AT": crash_at},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, [json.loads(line) for line in out.splitlines()]


async def pass_lease(settings: Settings) -> None:
    """Let the time pass after which another gateway takes the one at work for dead."""
    over = "UPDATE gateway.operation SET lease_until = now() WHERE lease_until > now()"
    await run_sql(str(settings.postgres_url), over)


def opened(settings: Settings) -> AbstractAsyncContextManager[Linking]:
    return linking(settings.profile, str(settings.postgres_url), str(settings.mongo_url), "north")


@pytest.mark.parametrize(("shape", "point"), CASES, ids=[f"{shape}, {point}" for shape, point in CASES])
async def test_a_gateway_that_is_killed_leaves_nothing_half(store: Settings, shape: str, point: str) -> None:
    earlier, command, _ = SHAPES[shape]
    async with opened(store) as here:
        for one in earlier:
            await do(here, one)
        before = links(store)
        status, _ = await child(store, command, crash_at=point)
        assert status == -9
        await pass_lease(store)
        await carry_on_all(here.operations)
        after = links(store)
        if point == "before-intent":
            assert after == before
        # Whatever was left, the next one to do the same finds no claim in the way, and ends where it would have.
        done = await do(here, command)
        final = links(store)
        if point == "before-intent":
            assert final != before
            assert done.operation is not None
            assert done.operation.state is OperationState.APPLIED
        else:
            assert after != before
            assert final == after
            assert done.event is None
        assert await carry_on_all(here.operations) == []
    rows = "SELECT count(*) FROM gateway.claim"
    assert await scalar(store, rows) == 0
    assert await scalar(store, "SELECT count(*) FROM gateway.operation WHERE state NOT IN ('APPLIED')") == 0
    assert await scalar(store, "SELECT count(*) FROM gateway.link_event") == len(earlier) + 1


async def scalar(settings: Settings, query: str) -> Any:
    async with opened(settings) as here:
        return (await here.operations.own.rows(text(query)))[0][0]
