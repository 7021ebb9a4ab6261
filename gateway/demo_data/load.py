"""Filling the embedded stores: whole or not at all, in chunks, the same for the same seed."""

from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import asyncpg
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from domain.errors import StartError
from gateway.demo_data.links import Document, make_documents
from gateway.demo_data.rows import COLUMNS, Chunk, make_chunks

#: Says which *step* is at work, and how much of it is done: done, of so many.
Progress = Callable[[str, int, int], None]
#: Counted up when the same seed no longer makes the same data.
_VERSION = 1
#: Where each store remembers what it was filled with; written last.
_MARKER = "demo_data"
_TABLES = tuple(COLUMNS)
_BATCH = 500
#: One field each: the server uses no other index, and only for equality.
_MONGO_INDEXES = {
    "users": ("id", "customer_v2_id", "crm_customer_id", "email", "phone", "role"),
    "customers_v2": ("id", "user_id", "crm_customer_id", "email", "phone"),
}


@dataclass(frozen=True, slots=True)
class Demo:
    """Be what stores are filled with."""

    customers: int = 500
    seed: int = 7
    version: int = _VERSION


async def loaded_demo(postgres_url: str, mongo_url: str) -> Demo | None:
    """Answer what both stores are filled with; None where filling has not begun, or was interrupted."""
    postgres = await _connect(postgres_url)
    try:
        row = await postgres.fetchrow(f"SELECT * FROM {_MARKER}") if await _has_table(postgres, _MARKER) else None
    finally:
        await postgres.close()
    async with _open_mongo(mongo_url) as client:
        document = await client.get_default_database()[_MARKER].find_one({}, {"_id": 0})
    return Demo(**row) if row and document == dict(row) else None


async def load_demo(
    postgres_url: str,
    mongo_url: str,
    *,
    customers: int = 500,
    seed: int = 7,
    progress: Progress = lambda *_: None,
) -> None:
    """Fill both stores anew; interrupted at any point, they count as empty.

    Raises StartError where Postgres has tables of these names that are not the demo's.
    """
    demo = Demo(customers, seed)
    postgres = await _connect(postgres_url)
    try:
        await _remove_old(postgres)
        async with _open_mongo(mongo_url) as client:
            await _fill_mongo(client.get_default_database(), demo, progress)
        await _fill_postgres(postgres, demo, progress)
    finally:
        await postgres.close()


async def load_rows(postgres_url: str, demo: Demo, progress: Progress = lambda *_: None) -> None:
    """Fill the CRM alone, unless it is filled just so already."""
    postgres = await _connect(postgres_url)
    try:
        if await _has_table(postgres, _MARKER) and await postgres.fetchrow(f"SELECT * FROM {_MARKER}") == astuple(demo):
            return
        await _remove_old(postgres)
        await _fill_postgres(postgres, demo, progress)
    finally:
        await postgres.close()


async def _remove_old(postgres: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Remove what an earlier load left, and what the gateway noted about it."""
    if await _has_table(postgres, _MARKER):
        await postgres.execute(
            f"DROP TABLE {_MARKER}, {', '.join(_TABLES)} CASCADE; DROP SCHEMA IF EXISTS gateway CASCADE"
        )
    foreign = [table for table in _TABLES if await _has_table(postgres, table)]
    if foreign:
        raise StartError("The demo fills a database of its own; this one has tables:", foreign)


async def _fill_mongo(database: AsyncDatabase[Document], demo: Demo, progress: Progress) -> None:
    users, deliveries = make_documents(demo.customers, demo.seed)
    total = len(users) + len(deliveries)
    done = 0
    await database[_MARKER].drop()
    for name, documents in (("users", users), ("customers_v2", deliveries)):
        collection = database[name]
        await collection.drop()
        for first in range(0, len(documents), _BATCH):
            batch = documents[first : first + _BATCH]
            await collection.insert_many(batch)
            done += len(batch)
            progress("accounts and delivery records", done, total)
        await _make_mongo_indexes(collection, _MONGO_INDEXES[name])
    await database[_MARKER].insert_one({"_id": "demo", **asdict(demo)})


async def _make_mongo_indexes(collection: AsyncCollection[Document], fields: tuple[str, ...]) -> None:
    for name in fields:
        await collection.create_index(name)


async def _fill_postgres(postgres: "asyncpg.Connection[asyncpg.Record]", demo: Demo, progress: Progress) -> None:
    async with postgres.transaction():
        await _copy_all(postgres, demo, progress)
    progress("statistics", 0, 1)
    await postgres.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")
    progress("statistics", 1, 1)


async def _copy_all(postgres: "asyncpg.Connection[asyncpg.Record]", demo: Demo, progress: Progress) -> None:
    await postgres.execute(_read("tables.sql"))
    done = 0
    for chunk in make_chunks(demo.customers, demo.seed):
        await _copy(postgres, chunk)
        done += len(chunk.customers)
        progress("customers, leads, bookings, quotes", done, demo.customers)
    statements = [statement for statement in _read("indexes.sql").split(";") if statement.strip()]
    for number, statement in enumerate(statements):
        progress("indexes", number, len(statements))
        await postgres.execute(statement)
    for table in _TABLES:
        await postgres.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    progress("indexes", len(statements), len(statements))
    await postgres.execute(f"CREATE TABLE {_MARKER} (customers bigint, seed bigint, version bigint)")
    await postgres.execute(f"INSERT INTO {_MARKER} VALUES ($1, $2, $3)", demo.customers, demo.seed, demo.version)


async def _copy(postgres: "asyncpg.Connection[asyncpg.Record]", chunk: Chunk) -> None:
    for table, columns in COLUMNS.items():
        await postgres.copy_records_to_table(table, records=chunk.rows_of(table), columns=columns)


async def _has_table(postgres: "asyncpg.Connection[asyncpg.Record]", name: str) -> bool:
    return await postgres.fetchval("SELECT to_regclass($1) IS NOT NULL", name) is True


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1))


def _open_mongo(url: str) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(url, serverSelectionTimeoutMS=5_000, tz_aware=True)


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
