"""The identifier index: finds records by e-mail, phone and words. What it finds is to be read again from its store.

A row a record, whatever it has of identifiers; so that own writes and whoever walks through the stores keep it by one
statement each, and one that changes nothing writes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    distinct,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import CUSTOMER_KINDS, IdentifierKind, Identifiers, IndexedKind, IndexedRef
from domain.records import Key
from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore
from sources.own.tables import metadata
from sources.storable import is_storable

identifiers = Table(
    "identifiers",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("email", Text),
    Column("phone", Text),
    Column("search", Text, nullable=False),
    Column("held_until", TIMESTAMP(timezone=True), nullable=False),
)
_COLUMN = {IdentifierKind.EMAIL: identifiers.c.email, IdentifierKind.PHONE: identifiers.c.phone}
#: An index has to hold tenant and key together.
_LONGEST_KEY = 500
#: An identifier on more records of one kind than this brings nobody together.
MOST_OF_A_KIND = 3

#: In the order of the primary key, so that no two writers wait for each other in a circle. What this gateway writes is
#: ahead of the stores for as long as its operation takes: whoever reads these meanwhile reads something older.
PUT = text(
    """
    INSERT INTO gateway.identifiers AS own (tenant, record, key, email, phone, search, held_until)
    SELECT :tenant, record, key, email, phone, search,
        coalesce(CAST(:as_of AS timestamptz), clock_timestamp() + interval '1 minute')
    FROM unnest(
        CAST(:records AS text[]), CAST(:keys AS text[]), CAST(:emails AS text[]), CAST(:phones AS text[]),
        CAST(:searches AS text[])
    ) AS given (record, key, email, phone, search)
    ORDER BY record COLLATE "C", key COLLATE "C"
    ON CONFLICT (tenant, record, key) DO UPDATE
    SET email = excluded.email, phone = excluded.phone, search = excluded.search, held_until = excluded.held_until
    WHERE (own.email, own.phone, own.search) IS DISTINCT FROM (excluded.email, excluded.phone, excluded.search)
        AND own.held_until <= excluded.held_until
    RETURNING 1
    """
)
Rows = Mapping[IndexedRef, Identifiers]


# ── writing ──


async def put(connection: AsyncConnection, tenant: Tenant, kind: IndexedKind, key: Key, found_by: Identifiers) -> None:
    """Keep what the record *key* of *kind* is found by, in the transaction of *connection*: what it is after it."""
    await put_all(connection, tenant, {IndexedRef(kind, key): found_by})


async def put_all(connection: AsyncConnection, tenant: Tenant, rows: Rows, *, as_of: datetime | None = None) -> None:
    """Keep what the records *rows* are found by; *as_of* says when they were read, if they were not just written."""
    if values := put_values(tenant, rows, as_of):
        await connection.execute(PUT, values)


def put_values(tenant: Tenant, rows: Rows, as_of: datetime | None) -> dict[str, Any] | None:
    """Say what `PUT` is given for *rows*, without those that cannot be kept; None where none are left."""
    kept = {ref: row for ref, row in rows.items() if can_be_kept(ref)}
    if not kept:
        return None
    return {
        "tenant": own_tenant(tenant),
        "as_of": as_of,
        "records": [ref.kind.value for ref in kept],
        "keys": [ref.key for ref in kept],
        "emails": [row.email for row in kept.values()],
        "phones": [row.phone for row in kept.values()],
        "searches": [row.text for row in kept.values()],
    }


def can_be_kept(ref: IndexedRef) -> bool:
    """Say whether an index could hold the key of *ref*."""
    return len(ref.key) <= _LONGEST_KEY and is_storable(ref.key)


# ── finding by an identifier ──


async def records_with(
    own: OwnStore,
    tenant: Tenant,
    kind: IdentifierKind,
    values: Collection[str],
    *,
    kinds: Sequence[IndexedKind] = CUSTOMER_KINDS,
    most: int | None = None,
) -> Mapping[str, Sequence[IndexedRef]]:
    """Find the records of *kinds* that have one of *values*, normalised identifiers of *kind*.

    *most*: of each value at most so many of each kind of record.
    """
    column = _COLUMN[kind]
    asked = [value for value in set(values) if is_storable(value)]
    if not asked:
        return {}
    number = func.row_number().over(partition_by=[column, identifiers.c.record], order_by=identifiers.c.key)
    chosen = select(column.label("value"), identifiers.c.record, identifiers.c.key, number.label("number")).where(
        rows_of(tenant, kinds), column == func.any(bindparam("values", asked, type_=ARRAY(Text)))
    )
    query = chosen.subquery()
    limited = select(query).order_by(query.c.value, query.c.record, query.c.key)
    if most is not None:
        limited = limited.where(query.c.number <= most)
    found: dict[str, list[IndexedRef]] = {}
    for row in await own.rows(limited):
        found.setdefault(row.value, []).append(IndexedRef(IndexedKind(row.record), row.key))
    return found


class Shared(NamedTuple):
    """Be a normalised identifier, and the records that have it."""

    value: str
    records: tuple[IndexedRef, ...]


async def shared(
    own: OwnStore, tenant: Tenant, kind: IdentifierKind, *, after: str | None, size: int, scan: int = 50_000
) -> Sequence[Shared]:
    """List identifiers of *kind* that customers' records of different kinds share, in the order of their values.

    A page: up to *size* that follow the value *after*; a shorter one is the last. Those on more than three records of
    one kind are left out. Read a range of an index at a time, of *scan* records, however many there are.
    """
    column, found = _COLUMN[kind], list[Shared]()
    has = [rows_of(tenant, CUSTOMER_KINDS), column.is_not(None)]
    while len(found) < size:
        behind = [*has, column > after] if after is not None else has
        ends = await own.rows(select(column).where(*behind).order_by(column).offset(scan).limit(1))
        end: str | None = ends[0][0] if ends else None
        within = behind if end is None else [*behind, column <= end]
        rows = await own.rows(_groups(column).where(*within).limit(size - len(found)))
        found += [Shared(row.value, tuple(map(_read_ref, row.records))) for row in rows]
        if end is None:
            break
        after = end
    return found


def _groups(column: ColumnElement[Any]) -> Select[Any]:
    """Group records by what *column* says of them: those groups of several kinds, and few of each."""
    of_kind = [func.count().filter(identifiers.c.record == one.value) for one in CUSTOMER_KINDS]
    records = func.array_agg(
        aggregate_order_by(identifiers.c.record + ":" + identifiers.c.key, identifiers.c.record, identifiers.c.key),
        type_=ARRAY(Text),
    )
    several = func.count(distinct(identifiers.c.record)) > 1
    few = [number <= MOST_OF_A_KIND for number in of_kind]
    groups = select(column.label("value"), records.label("records")).group_by(column)
    return groups.having(several, *few).order_by(column)


def rows_of(tenant: Tenant, kinds: Collection[IndexedKind]) -> ColumnElement[bool]:
    return and_(
        identifiers.c.tenant == own_tenant(tenant), identifiers.c.record.in_(sorted(kind.value for kind in kinds))
    )


def _read_ref(written: str) -> IndexedRef:
    kind, _, key = written.partition(":")
    return IndexedRef(IndexedKind(kind), key)
