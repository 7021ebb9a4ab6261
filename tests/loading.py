"""Fill databases of their own, so that tests do not meet each other's rows."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
import orjson
from pymongo import MongoClient
from pymongo.database import Database

from gateway.opening import opened
from gateway.settings import Settings
from resolvers.indexing import whole_pass
from resolvers.tenants import tenants_of
from sources.own.migrating import migrate
from sources.profile_reading import read_profile
from tests.running import secured
from tests.servers import Servers

EXISTING = Path(__file__).parent / "existing_stores"
EXPECTED: dict[str, Any] = orjson.loads((EXISTING / "expected.json").read_bytes())


async def make_database(stores: Servers, name: str) -> str:
    """Make an empty PostgreSQL database *name* and answer its address."""
    connection = await asyncpg.connect(stores.postgres.url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return stores.postgres.url.replace("/gateway?", f"/{quote(name)}?")


def mongo_url(stores: Servers, name: str) -> str:
    """Address the database *name* of this test run."""
    address = urlsplit(stores.mongo.url)
    return address._replace(path=address.path.removesuffix("gateway") + name).geturl()


async def run_sql(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def fill_mongo(url: str, collections: dict[str, list[dict[str, Any]]]) -> None:
    """Put just *collections* into the database of *url*."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(url, serverSelectionTimeoutMS=5000) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        for name, documents in collections.items():
            database.drop_collection(name)
            if documents:
                database[name].insert_many([dict(document) for document in documents])


def add_to_mongo(url: str, collections: dict[str, list[dict[str, Any]]]) -> None:
    """Put *collections* beside what the database of *url* has."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(url, serverSelectionTimeoutMS=5000) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        for name, documents in collections.items():
            database[name].insert_many(documents)


async def existing_store(
    stores: Servers,
    name: str,
    database: str | None = None,
    *,
    mongo: str | None = None,
    within: Path = EXISTING,
) -> Settings:
    """Load the store *name* of `existing_stores/` as it is into *database*, and answer settings that serve it.

    *mongo* is the address of a database on another server than the embedded one, *within* another folder of stores.
    """
    folder = within / name
    found: dict[str, str] = {}
    if (folder / "postgres.sql").exists():
        found["postgres_url"] = await make_database(stores, database or name)
        await run_sql(found["postgres_url"], (folder / "postgres.sql").read_text())
    if (folder / "mongo.json").exists():
        found["mongo_url"] = mongo or mongo_url(stores, database or name)
        read = orjson.loads((folder / "mongo.json").read_bytes())
        fill_mongo(found["mongo_url"], {name: _dated(rows) for name, rows in read.items() if isinstance(rows, list)})
    return secured(profile=name, **found)


def expected_tenants(name: str) -> list[str]:
    """List the tenants that the store *name* has."""
    tenants: dict[str, Any] = EXPECTED[name]["tenants"]
    return sorted(tenants)


def _dated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make dates of MongoDB's extended JSON."""
    return [
        {
            key: datetime.fromisoformat(value["$date"]) if isinstance(value, dict) and "$date" in value else value
            for key, value in row.items()
        }
        for row in rows
    ]


async def indexed(settings: Settings) -> Settings:
    """Make the gateway's own tables, and let every record of the stores be found by e-mail, phone and name."""
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    async with opened(read_profile(settings.profile), settings) as stores:
        tenants = [tenant.key for tenant in await tenants_of(stores)] if stores.profile.has_tenants else [None]
        for tenant in tenants:
            await whole_pass(stores, tenant)
    return settings
