"""Numbers of new rows: one more than the largest, so that no two who count at once have the same."""

import re
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.inserted_values import around_number, pattern_of
from sources.postgres_columns import Columns
from sources.postgres_mapping import quoted
from sources.profile import Rows

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('customer-gateway ' || :what, 0))")


async def counted_values(
    connection: AsyncConnection, rows: Rows, columns: Columns, tenant: str | None, counted: Mapping[str, str]
) -> dict[str, int]:
    """Say which number is next in each of the *counted* columns.

    Gateways count one after the other; whoever else writes meanwhile is met by a unique constraint, if there is one.
    """
    if counted:
        await connection.execute(_LOCK, {"what": f"{rows.name_of} {tenant or ''}"})
    where, bound = "", {}
    if rows.tenant is not None:
        where = f' WHERE "{rows.tenant}" = CAST(CAST(:tenant AS text) AS {columns[rows.tenant].cast_to})'
        bound["tenant"] = tenant or ""
    found = {}
    for name, word in counted.items():
        before, after = around_number(pattern_of(word))
        column = '"' + name.replace('"', '""').replace(":", "\\:") + '"'
        number = f"coalesce(max(substring({column}::text from :shape)::numeric), 0)::bigint"
        query = text(f"SELECT {number} FROM {quoted(rows.name_of)}{where}")
        shape = f"^{re.escape(before)}([0-9]{{1,18}}){re.escape(after)}$"
        found[name] = (await connection.execute(query, bound | {"shape": shape})).scalar_one() + 1
    return found
