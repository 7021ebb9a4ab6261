"""An index of trigrams, so that a search does not go through every name: where the server has the extension for it.

`pg_trgm` comes with PostgreSQL, and since version 13 whoever may create something in a database may have it there. A
server that lacks it, or an administrator who withholds it, makes searches slow and nothing else.
"""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

#: Somebody may have put it into any schema; what we make ourselves stays in our own.
_WHERE = text(
    "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
    " WHERE extname = 'pg_trgm'"
)
_INDEXED = text("SELECT to_regclass('gateway.identifiers_search') IS NOT NULL")


async def hasten_search(connection: AsyncConnection) -> str | None:
    """Make the index unless it is there; answer what stands in the way where something does."""
    if (await connection.execute(_INDEXED)).scalar_one():
        return None
    try:
        async with connection.begin_nested():
            schema = (await connection.execute(_WHERE)).scalar()
            if schema is None:
                await connection.execute(text("CREATE EXTENSION pg_trgm WITH SCHEMA gateway"))
                schema = "gateway"
            await connection.execute(
                text(
                    "CREATE INDEX identifiers_search ON gateway.identifiers"
                    f" USING gin (search {schema}.gin_trgm_ops) WITH (gin_pending_list_limit = 16384)"
                )
            )
    except DBAPIError as error:
        return str(error.orig).partition("\n")[0].partition(": ")[2] or str(error.orig)
    return None
