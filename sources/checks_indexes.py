"""Find the indexes that the gateway's statements need and the database does not have, by asking it for their plans.

What matters is what happens once tables are big. So small ones are planned as if reading them whole, or sorting them,
were out of the question: what the server does all the same, it does for want of an index.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Select, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from domain.findings import Check, Finding
from sources.index_covers import Cover, covers_of
from sources.index_needs import Need, Reads, needs_of
from sources.index_statements import columns_in, name_of, part_of, statements_for, wanted_by
from sources.postgres_connection import PostgresConnection
from sources.postgres_reading import PostgresReading
from sources.postgres_tables import tables_of
from sources.profile import Profile
from sources.query_plans import Access, Plan, accesses, mentions, sorts

#: The tables that :names lists, each with its partitions, which have the indexes.
_PLACES = """
    WITH places AS (
        SELECT wanted.name, tree.relid
        FROM unnest(CAST(:names AS text[])) AS wanted (name)
        CROSS JOIN LATERAL (
            SELECT to_regclass(wanted.name) AS relid
            UNION SELECT relid FROM pg_partition_tree(to_regclass(wanted.name))
        ) AS tree
        WHERE tree.relid IS NOT NULL
    )
"""
#: The indexes of each, with their columns (NULL for an expression) in their order.
_INDEXES = text(
    f"""{_PLACES}
    SELECT places.name AS table_name, index_class.relname AS name,
        pg_get_expr(pg_index.indpred, pg_index.indrelid) AS condition,
        ARRAY(
            SELECT attribute.attname::text
            FROM generate_series(0, pg_index.indnkeyatts - 1) AS place
            LEFT JOIN pg_attribute AS attribute
                ON attribute.attrelid = pg_index.indrelid AND attribute.attnum = pg_index.indkey[place]
                AND attribute.attnum <> 0
            ORDER BY place
        ) AS columns,
        ARRAY(
            SELECT attribute.attname::text FROM pg_attribute AS attribute
            WHERE attribute.attrelid = pg_index.indrelid
                AND attribute.attnum = ANY((pg_index.indkey::smallint[])[pg_index.indnkeyatts:])
        ) AS included
    FROM places
    JOIN pg_index ON pg_index.indrelid = places.relid
    JOIN pg_class AS index_class ON index_class.oid = pg_index.indexrelid
    WHERE pg_index.indisvalid AND pg_index.indisready
    """
)
#: What each of them is, its partitions, and the names that are taken beside it.
_KINDS = text(
    f"""{_PLACES}
    SELECT places.name AS table_name, class.relkind::text AS kind,
        ARRAY(
            SELECT part.relname::text FROM places AS one JOIN pg_class AS part ON part.oid = one.relid
            WHERE one.name = places.name
        ) AS parts,
        (SELECT sum(pg_relation_size(one.relid)) FROM places AS one WHERE one.name = places.name) AS size,
        ARRAY(SELECT other.relname::text FROM pg_class AS other WHERE other.relnamespace = class.relnamespace) AS taken
    FROM places
    JOIN pg_class AS class ON class.oid = places.relid
    WHERE places.relid = to_regclass(places.name)
    """
)
_READ_ONLY = {"default_transaction_read_only": "on", "application_name": "gateway-doctor"}
_NOT_WHOLE = {**_READ_ONLY, "enable_seqscan": "off"}
#: A bitmap is made of an index only where a condition narrows it, or where the index holds few rows in the first place.
_NARROWED = {**_NOT_WHOLE, "enable_indexscan": "off", "enable_indexonlyscan": "off"}
_SORTED = {**_NOT_WHOLE, "enable_sort": "off", "enable_bitmapscan": "off", "enable_hashjoin": "off"}
_PLANNED = {Reads.LOOKUP: _NARROWED, Reads.REST: _NARROWED, Reads.ORDER: {**_SORTED, "enable_mergejoin": "off"}}
_PARTITIONED = "p"
#: Bytes from which on a table has so many rows that looking them up one by one is worth sparing.
_BIG = 4 << 20
_TABLES = frozenset({"r", "m", _PARTITIONED})


@dataclass(frozen=True, slots=True)
class Index:
    """Be an index: its *columns* by name, None for an expression; *condition* says which rows it holds, if not all.

    *included* are columns that it holds and has no order of.
    """

    name: str
    columns: Sequence[str | None]
    condition: str | None
    included: Sequence[str] = ()

    def begins_with(self, column: str, tenant: str | None) -> bool:
        """Say whether it finds rows by *column*, alone or within a *tenant*."""
        first = list(self.columns[:2])
        return first[:1] == [column] or (tenant is not None and first == [tenant, column])

    def covers(self, cover: Cover) -> bool:
        """Say whether it finds and holds all that *cover* is about."""
        tenant = None if cover.tenant is None else cover.tenant.name
        held = {*self.columns, *self.included}
        if not self.begins_with(cover.by.name, tenant) or not held >= {*cover.columns, *filter(None, [tenant])}:
            return False
        return not self.condition or (bool(cover.condition) and mentions(self.condition, columns_in(*cover.condition)))


@dataclass(frozen=True, slots=True)
class Place:
    """Be a table as the database has it: the names of its *parts*, itself among them, and their *indexes*."""

    parts: Collection[str]
    indexes: Sequence[Index]

    def ways(self, plan: Plan) -> list[Access]:
        """List how *plan* reaches this table."""
        return [way for way in accesses(plan) if way.table in self.parts]


class IndexChecks(PostgresReading):
    """Hold what the gateway's statements need against the indexes that there are."""

    options = _READ_ONLY

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        super().__init__(profile, url, seconds=seconds)
        self._planners = {reads: PostgresConnection(url, seconds, options) for reads, options in _PLANNED.items()}

    async def close(self) -> None:
        await super().close()
        for planner in self._planners.values():
            await planner.close()

    async def missing_indexes(self) -> list[Finding]:
        """Find what has no index, each with the statement that makes one; those that mend several are the same."""
        names = tables_of(self._profile)
        indexes: dict[str, list[Index]] = {}
        for row in await self._connection.rows(_INDEXES, {"names": names}):
            indexes.setdefault(row.table_name, []).append(Index(row.name, row.columns, row.condition, row.included))
        kinds = {row.table_name: row for row in await self._connection.rows(_KINDS, {"names": names})}
        await self.faults()
        assert self._tables is not None
        missing: list[Need] = []
        for need in needs_of(self._profile, self._tables):
            name = name_of(need.mapped)
            if name not in kinds or kinds[name].kind not in _TABLES or self._tables.faults_of(need.section):
                continue
            if not await self._is_met(need, Place(kinds[name].parts, indexes.get(name, []))):
                missing.append(need)
        covers = [
            cover
            for cover in covers_of(self._profile, self._tables)
            if (kind := kinds.get(name_of(cover.mapped))) is not None
            and kind.kind in _TABLES
            and kind.size >= _BIG
            and not self._tables.faults_of(cover.section)
            and not any(index.covers(cover) for index in indexes.get(name_of(cover.mapped), ()))
        ]
        wanted = {need: wanted_by(need) for need in missing if need.possible}
        covering = {cover: cover.wanted() for cover in covers}
        partitioned = {name for name, row in kinds.items() if row.kind == _PARTITIONED}
        taken = {name: row.taken for name, row in kinds.items()}
        statements = statements_for([*wanted.values(), *covering.values()], taken, partitioned)
        findings = [_finding(need, statements[wanted[need]] if need in wanted else None) for need in missing]
        printed = {finding.mends for finding in findings}
        advised = {cover: statements[covering[cover]] for cover in covers}
        findings += [_advice(cover, statement) for cover, statement in advised.items() if statement not in printed]
        return list(dict.fromkeys(findings))

    async def _is_met(self, need: Need, place: Place) -> bool:
        """Say whether the database finds what *need* is about without going through a whole table."""
        match need.reads:
            case Reads.ORDER:
                return await self._is_ordered(need, place)
            case Reads.REST:
                # What the profile's `where` asks for comes first, and is no sign of the rows without a date.
                columns = columns_in(need.condition[-1])
                usable = {one.name for one in place.indexes if one.condition and mentions(one.condition, columns)}
                return await self._uses(need, place, usable)
            case Reads.LOOKUP:
                return await self._is_found(need, place) and await self._reads_nothing_whole(need, place)

    async def _is_ordered(self, need: Need, place: Place) -> bool:
        """Say whether an index has the rows of a tenant in this order."""
        tenant = need.mapped.column("tenant").name if need.mapped.has_tenant else None
        by_tenant = {index.name for index in place.indexes if tenant is None or index.columns[:1] == [tenant]}
        for statement in need.statements:
            plan = await self._plan(need, statement)
            ways = place.ways(plan)
            if sorts(plan) or not ways or any(way.index not in by_tenant for way in ways):
                return False
        return True

    async def _is_found(self, need: Need, place: Place) -> bool:
        """Say whether an index begins with what rows are found by."""
        by, mapped = need.parts[0], need.mapped
        if not isinstance(by, Column):
            return await self._uses(need, place, {index.name for index in place.indexes if not index.condition})
        tenant = mapped.column("tenant").name if mapped.has_tenant else None
        fitting = [index for index in place.indexes if index.begins_with(by.name, tenant)]
        if any(not index.condition for index in fitting):
            return True
        return bool(fitting) and await self._uses(need, place, {index.name for index in fitting})

    async def _uses(self, need: Need, place: Place, names: Collection[str]) -> bool:
        """Say whether nothing but one of the indexes *names* is used to find what *need* is about, whoever's it is."""
        if not names:
            return False
        conditions = need.condition or (need.parts[0] == func.any(literal([need.sample], ARRAY(need.parts[0].type))),)
        plan = await self._plan(need, select(literal(1)).select_from(need.mapped.table).where(*conditions))
        return all(way.index in names for way in place.ways(plan))

    async def _reads_nothing_whole(self, need: Need, place: Place) -> bool:
        plans = [await self._plan(need, statement) for statement in need.statements]
        return all(way.index is not None for plan in plans for way in place.ways(plan))

    async def _plan(self, need: Need, statement: Select[Any]) -> Plan:
        return await self._planners[need.reads].plan(statement, need.values)


_MESSAGES = {
    Reads.LOOKUP: "{table} has no index that begins with {what}: whoever looks for rows by it reads all of them",
    Reads.ORDER: "{table} has no index in the order of {what} and key: every page sorts all rows",
    Reads.REST: "{table} has no index of the rows that say nothing in {what}: lists end with a walk through all rows",
}


def _finding(need: Need, statement: str | None) -> Finding:
    about = need.condition[-1] if need.reads is Reads.REST else need.parts[0]
    what = " or ".join(columns_in(about))
    if need.reads is Reads.LOOKUP and not isinstance(about, Column):
        what = part_of(about)
    message = _MESSAGES[need.reads].format(table=need.mapped.table.fullname, what=what)
    if not need.possible:
        message += "; no index can hold it, because one of its dates is kept as text, and the other is not"
    return Finding(check=Check.MISSING_INDEX, where=need.where, message=message, mends=statement)


def _advice(cover: Cover, statement: str) -> Finding:
    what = f"an index by {cover.by.name} that holds {', '.join(cover.columns)} too" if cover.columns else ""
    message = (
        f"{cover.mapped.table.fullname} is read row by row for totals of customers;"
        f" {what or f'an index by {cover.by.name}'} would spare that"
    )
    return Finding(check=Check.COVERING_INDEX, where=cover.where, message=message, mends=statement)
