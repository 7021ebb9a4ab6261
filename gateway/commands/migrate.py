"""Make or upgrade the gateway's own tables; tables of the stores are never altered."""

import asyncio
from argparse import Namespace

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import StartError
from gateway.commands.tool import say
from gateway.settings import read_settings
from sources.own.migrating import migrate


def run(_: Namespace) -> int:
    """Answer 0 once the tables are as this gateway needs them. Raises StartError where they cannot be made so."""
    settings = read_settings()
    if settings.postgres_url is None:
        fault = "GATEWAY_POSTGRES_URL: not set, and the gateway keeps its own tables there"
        raise StartError("The gateway's own tables cannot be made:", [fault])
    try:
        before, after, slow = asyncio.run(migrate(settings.postgres_url))
    except (OSError, SQLAlchemyError, asyncpg.PostgresError) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise StartError("The gateway's own tables cannot be made:", [reason]) from error
    if before == after:
        say(f"The gateway's own tables are at version {after} already.")
    else:
        say(f"The gateway's own tables are at version {after} now; before, {before or 'there were none'}.")
    if slow is not None:
        say(f"Searches go through every name, since there is no index of trigrams: {slow}.")
        say("Once an administrator of the database has run CREATE EXTENSION pg_trgm, migrate makes that index.")
    return 0
