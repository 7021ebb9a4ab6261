"""Look at a PostgreSQL database as one who writes a profile would: the catalogue, and some rows of each table."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.errors import SourceMismatchError, SourceUnavailableError
from sources.inspection import MOST_WORDS, SAMPLE, Column, Holds, Place, Reference
from sources.postgres_connection import PostgresConnection
from sources.postgres_mapping import quoted
from sources.postgres_types import BELOW_DOMAINS, DATES, NUMBERS, OTHER_TEXTS, TEXTS

_MOST_TABLES = 1_000
#: Of these tables rows are looked at: those with the best reasons, as the caller sorts them.
_MOST_SAMPLED = 60
#: Tables of more rows are looked at in blocks from all over them, others from their beginning.
_BIG = 20_000
_LONGEST = {Holds.TEXT: 100, Holds.JSON: 4_000}

_TABLES = text(
    """
    SELECT class.oid AS oid, namespace.nspname::text AS schema, class.relname::text AS name,
        class.relkind::text AS kind,
        pg_table_is_visible(class.oid) AS visible, CASE WHEN class.reltuples < 0
            THEN coalesce(pg_relation_size(class.oid), 0) / 100 ELSE class.reltuples::bigint END AS rows
    FROM pg_class AS class JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'p', 'm', 'v') AND NOT class.relispartition
        AND namespace.nspname NOT LIKE 'pg\\_%' AND namespace.nspname NOT IN ('information_schema', 'gateway')
        AND has_schema_privilege(namespace.oid, 'USAGE') AND has_table_privilege(class.oid, 'SELECT')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = class.oid AND deptype = 'e')
    ORDER BY pg_table_is_visible(class.oid) DESC, class.reltuples DESC, class.relname LIMIT :most
    """
)
_COLUMNS = text(
    f"""
    SELECT attribute.attrelid AS oid, attribute.attname::text AS name,
        coalesce(base.typname, type.typname)::text AS type, attribute.attnotnull AS required,
        attribute.atthasdef OR attribute.attidentity <> '' AS filled,
        ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = coalesce(base.oid, type.oid)
            ORDER BY enumsortorder) AS labels,
        substring(pg_get_expr(given.adbin, given.adrelid) FROM '^''([^'']+)''::(text|character varying)$') AS default
    FROM pg_attribute AS attribute JOIN pg_type AS type ON type.oid = attribute.atttypid
    {BELOW_DOMAINS}
    LEFT JOIN pg_attrdef AS given ON given.adrelid = attribute.attrelid AND given.adnum = attribute.attnum
    WHERE attribute.attrelid = ANY(CAST(:oids AS oid[])) AND attribute.attnum > 0 AND NOT attribute.attisdropped
    ORDER BY attribute.attrelid, attribute.attnum
    """
)
_UNIQUE = text(
    """
    SELECT index.indrelid AS oid, ARRAY(
        SELECT attname::text FROM unnest(index.indkey::int2[]) WITH ORDINALITY AS part (number, place)
        JOIN pg_attribute ON attrelid = index.indrelid AND attnum = number
        WHERE place <= index.indnkeyatts ORDER BY place) AS columns
    FROM pg_index AS index
    WHERE index.indrelid = ANY(CAST(:oids AS oid[])) AND index.indisunique AND index.indpred IS NULL
        AND index.indexprs IS NULL
    ORDER BY index.indisprimary DESC, index.indnkeyatts, index.indexrelid
    """
)
_CONSTRAINTS = text(
    """
    SELECT own.conrelid AS oid, own.contype::text AS type, own.confrelid AS target,
        ARRAY(SELECT attname::text FROM unnest(own.conkey) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute ON attrelid = own.conrelid AND attnum = number ORDER BY place) AS columns,
        ARRAY(SELECT attname::text FROM unnest(own.confkey) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute ON attrelid = own.confrelid AND attnum = number ORDER BY place) AS target_columns,
        CASE WHEN own.contype = 'c' THEN ARRAY(SELECT replace(found[1], '''''', '''') FROM
            regexp_matches(pg_get_constraintdef(own.oid), '''((?:[^'']|'''')+)''', 'g') AS found) END AS words
    FROM pg_constraint AS own
    WHERE own.conrelid = ANY(CAST(:oids AS oid[])) AND own.contype IN ('f', 'c')
    """
)
_COMMON = text(
    """
    SELECT attname::text AS name, most_common_vals::text::text[] AS words FROM pg_stats
    WHERE schemaname = :schema AND tablename = :table AND n_distinct BETWEEN 1 AND :most
        AND attname = ANY(CAST(:columns AS text[])) AND most_common_vals IS NOT NULL
    """
)


class PostgresInspection:
    """Look at the database of *connection*, and change nothing in it."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self._schemas: dict[str, tuple[str, str]] = {}
        self._kinds: dict[str, str] = {}

    async def places(self) -> list[Place]:
        """Describe the tables and views, without any of their rows. Raises SourceUnavailableError."""
        tables = {row.oid: row for row in await self._connection.rows(_TABLES, {"most": _MOST_TABLES})}
        oids = {"oids": list(tables)}
        columns, unique, constraints = await asyncio.gather(
            *(self._connection.rows(query, oids) for query in (_COLUMNS, _UNIQUE, _CONSTRAINTS))
        )
        names = {oid: row.name if row.visible else f"{row.schema}.{row.name}" for oid, row in tables.items()}
        parts: dict[int, list[Column]] = defaultdict(list)
        checked = {(row.oid, *row.columns): tuple(row.words) for row in constraints if row.type == "c"}
        for row in columns:
            parts[row.oid].append(_column(row, checked.get((row.oid, row.name), ())))
        found = []
        for oid, row in tables.items():
            # A dot in a profile's table separates its schema.
            if "." in row.name or "." in row.schema:
                continue
            self._schemas[names[oid]], self._kinds[names[oid]] = (row.schema, row.name), row.kind
            found.append(
                Place(
                    name=names[oid],
                    kind="table",
                    columns={one.name: one for one in parts[oid]},
                    rows=row.rows,
                    unique=tuple(tuple(one.columns) for one in unique if one.oid == oid),
                    references=tuple(
                        Reference(tuple(one.columns), names[one.target], tuple(one.target_columns))
                        for one in constraints
                        if one.oid == oid and one.type == "f" and one.target in names
                    ),
                )
            )
        return found

    async def sampled(self, places: Sequence[Place]) -> list[Place]:
        """Add to the first of *places* what some of their rows hold, as text. Raises SourceUnavailableError."""
        sampled = [await self._sampled(one) for one in islice(places, _MOST_SAMPLED)]
        # A table may be too slow to be looked at; a server that went away is another thing.
        await self._connection.rows(text("SELECT 1"))
        return [*sampled, *places[_MOST_SAMPLED:]]

    async def _sampled(self, place: Place) -> Place:
        names = list(place.columns)
        rows: Sequence[Any] = ()
        common: Mapping[str, Sequence[str]] = {}
        # A view that takes too long or cannot be computed, or a table that may not be read after all: its columns alone
        # describe it.
        with suppress(SourceUnavailableError, SourceMismatchError, DBAPIError):
            rows = await self._rows(place)
            common = await self._common(place)
        samples = zip(*rows, strict=True) if rows else [()] * len(names)
        return place.with_columns(
            replace(
                place.columns[name],
                sample=tuple(value for value in sample if value is not None),
                words=tuple(dict.fromkeys((*place.columns[name].words, *common.get(name, ())))),
            )
            for name, sample in zip(names, samples, strict=True)
        )

    async def _rows(self, place: Place) -> Sequence[Any]:
        wanted = ", ".join(_as_text(one) for one in place.columns.values())
        if not wanted:
            return ()
        read = f"SELECT {wanted} FROM {_bare(quoted(place.name))}"
        if place.rows > _BIG and self._kinds[place.name] != "v":
            share = min(100.0, 300.0 * SAMPLE / place.rows)
            rows = await self._connection.rows(text(f"{read} TABLESAMPLE SYSTEM ({share:.6f}) LIMIT {SAMPLE}"))
            if rows:
                return rows
        return await self._connection.rows(text(f"{read} LIMIT {SAMPLE}"))

    async def _common(self, place: Place) -> Mapping[str, Sequence[str]]:
        """Read which words the server found most often when it last analysed the table."""
        schema, table = self._schemas[place.name]
        columns = [one.name for one in place.columns.values() if one.holds is Holds.TEXT]
        values = {"schema": schema, "table": table, "columns": columns, "most": MOST_WORDS}
        return {row.name: row.words for row in await self._connection.rows(_COMMON, values)}


def _bare(name: str) -> str:
    """Let no part of *name* pass for a parameter."""
    return name.replace(":", "\\:")


def _as_text(column: Column) -> str:
    name = '"' + column.name.replace('"', '""') + '"'
    return f"left(CAST({_bare(name)} AS text), {_LONGEST.get(column.holds, 100)})"


def _column(row: Any, checked: tuple[str, ...]) -> Column:
    return Column(
        name=row.name,
        type=row.type,
        holds=Holds.TEXT if row.labels else _HOLDS.get(row.type, Holds.OTHER),
        required=row.required,
        filled=row.filled,
        zoned=row.type not in ("timestamp", "date"),
        words=tuple(dict.fromkeys((*row.labels, *checked, *([row.default] if row.default else ())))),
    )


_HOLDS: Mapping[str, Holds] = {
    **dict.fromkeys(NUMBERS, Holds.NUMBER),
    **dict.fromkeys(("int2", "int4", "int8"), Holds.INTEGER),
    **dict.fromkeys(TEXTS | OTHER_TEXTS, Holds.TEXT),
    **dict.fromkeys(DATES, Holds.DATE),
    "uuid": Holds.KEY,
    "bool": Holds.FLAG,
    "json": Holds.JSON,
    "jsonb": Holds.JSON,
}
