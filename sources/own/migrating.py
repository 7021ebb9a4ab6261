"""Make and upgrade the gateway's own tables. Tables of the stores are never altered."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from sources.own.tables import SCHEMA
from sources.postgres_connection import asyncpg_url

_SCRIPTS = Path(__file__).parent / "migrations"
#: Any number of gateways may start at once: one of them migrates, the others wait and find nothing to do.
_LOCK = 7_236_044_918


def newest_version() -> str:
    """Name the version of the tables that this gateway works with."""
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    assert head is not None
    return head


async def migrate(url: str) -> tuple[str | None, str]:
    """Bring the tables to the newest version; answer the version that was there, and the one that is there now."""
    engine = create_async_engine(asyncpg_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            before = await connection.run_sync(_version)
            if before != newest_version():
                await connection.run_sync(_upgrade)
        return before, newest_version()
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
