"""Make and upgrade the gateway's own tables. Tables of the stores are never altered."""

from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from sources.own.tables import SCHEMA
from sources.own.trigrams import hasten_search
from sources.postgres_connection import asyncpg_url

_SCRIPTS = Path(__file__).parent / "migrations"
#: Any number of gateways may start at once: one of them migrates, the others wait and find nothing to do.
_LOCK = 7_236_044_918


def newest_version() -> str:
    """Name the version of the tables that this gateway works with."""
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    assert head is not None
    return head


class Migrated(NamedTuple):
    """Be the version that was there *before* and *after*, and what keeps searches from being quick, if anything."""

    before: str | None
    after: str
    slow_search: str | None


async def migrate(url: str) -> Migrated:
    """Bring the tables to the newest version."""
    engine = create_async_engine(asyncpg_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            if (await connection.execute(text(f"SELECT to_regnamespace('{SCHEMA}')"))).scalar() is None:
                # Where an administrator has made it, whoever migrates needs no right to make any.
                await connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
            before = await connection.run_sync(_version)
            if before != newest_version():
                await connection.run_sync(_upgrade)
            slow = await hasten_search(connection)
        return Migrated(before, newest_version(), slow)
    finally:
        await engine.dispose()


def _version(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
