"""Columns as whoever writes needs to know them: what they require, what fills them, how much they hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.postgres_mapping import quoted
from sources.postgres_types import BELOW_DOMAINS

_COLUMNS = text(
    f"""
    SELECT attribute.attname AS name, coalesce(base.typname, type.typname) AS type,
        format_type(attribute.atttypid, NULL) AS cast_to,
        attribute.attnotnull OR type.typnotnull AS required,
        attribute.atthasdef OR attribute.attidentity <> '' OR type.typdefault IS NOT NULL AS filled,
        attribute.attgenerated <> '' OR attribute.attidentity = 'a' AS fixed,
        nullif(greatest(attribute.atttypmod, type.typtypmod), -1) AS modifier
    FROM pg_attribute AS attribute
    JOIN pg_type AS type ON type.oid = attribute.atttypid
    {BELOW_DOMAINS}
    WHERE attribute.attrelid = to_regclass(:name) AND attribute.attnum > 0 AND NOT attribute.attisdropped
    """
)
_WITH_LENGTH = frozenset({"varchar", "bpchar"})


@dataclass(frozen=True, slots=True)
class WritableColumn:
    """Be a column: its *type* as pg_type has it, and *cast_to* as a cast names it.

    It is *required* where it cannot hold NULL, *filled* where the database has something for it, *fixed* where only
    the database may say what it holds; *length* is how many characters it holds at most, None where nothing says.
    """

    name: str
    type: str
    cast_to: str
    required: bool
    filled: bool
    fixed: bool
    length: int | None


Columns = Mapping[str, WritableColumn]


async def columns_of(connection: AsyncConnection, table: str) -> Columns:
    """Read what the columns of *table* are now."""
    rows = (await connection.execute(_COLUMNS, {"name": quoted(table)})).all()
    return {
        row.name: WritableColumn(
            row.name,
            row.type,
            row.cast_to,
            required=row.required,
            filled=row.filled,
            fixed=row.fixed,
            # The modifier counts four bytes of its own.
            length=row.modifier - 4 if row.modifier and row.type in _WITH_LENGTH else None,
        )
        for row in rows
    }
