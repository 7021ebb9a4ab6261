"""Notes of customers, kept by the record that headed the customer when they were written; latest first."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Executable, Row, Table, Text, func, insert, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import BadCursorError, ReadOnlyError
from domain.filters import Children
from domain.notes import Note
from domain.operations import written
from domain.paging import Page, Position, page_of
from domain.records import Key, RecordRef, Stats
from domain.time import Period, instant, micros
from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore
from sources.own.tables import metadata

notes = Table(
    "note",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
)
#: Of each owner, who may have several records, one more than a page.
_PAGE = """
    SELECT owner.number AS owner, found.*
    FROM unnest(CAST(:numbers AS integer[])) AS owner (number)
    CROSS JOIN LATERAL (
        SELECT note.id, note.record, note.at, note.by, note.text
        FROM gateway.note
        WHERE note.tenant = :tenant AND note.record IN (
            SELECT asked.record
            FROM unnest(CAST(:owners AS integer[]), CAST(:records AS text[])) AS asked (owner, record)
            WHERE asked.owner = owner.number
        ) AND (CAST(:before AS timestamptz) IS NULL OR note.at < :before) {after}
        ORDER BY note.at DESC, note.id DESC
        LIMIT :size
    ) AS found
    ORDER BY owner.number, found.at DESC, found.id DESC
"""
_FIRST = text(_PAGE.format(after=""))
_AFTER = text(_PAGE.format(after="AND (note.at, note.id) < (CAST(:at AS timestamptz), CAST(:id AS bigint))"))
_COUNT = text(
    """
    SELECT asked.owner, count(*) AS notes
    FROM unnest(CAST(:owners AS integer[]), CAST(:records AS text[])) AS asked (owner, record)
    JOIN gateway.note ON note.tenant = :tenant AND note.record = asked.record
    GROUP BY asked.owner
    """
)


def owner_of(refs: Collection[RecordRef]) -> Key:
    """Name the customer of *refs* as the loaders of notes ask for it: by all its records."""
    return json.dumps([written(ref) for ref in refs])


async def add(connection: AsyncConnection, tenant: Tenant, record: RecordRef, by: str, text_: str) -> int:
    """Keep a note; answer its id."""
    added = insert(notes).values(
        tenant=own_tenant(tenant), record=written(record), at=func.clock_timestamp(), by=by, text=text_
    )
    id_: int = (await connection.execute(added.returning(notes.c.id))).scalar_one()
    return id_


async def find(own: OwnStore, tenant: Tenant, id_: int) -> Note | None:
    rows = await own.rows(select(notes).where(notes.c.tenant == own_tenant(tenant), notes.c.id == id_))
    return _note(rows[0]) if rows else None


async def notes_by_customer(
    own: OwnStore, tenant: Tenant, owners: Collection[Key], asked: Children[Period | None], _: frozenset[str]
) -> Mapping[Key, Page[Note]]:
    """Read a page of the notes of each of *owners*, see `owner_of`: before the end of a period, if one is given."""
    request, listed = asked.request, list(owners)
    values = {**_asked(tenant, listed), "numbers": list(range(len(listed))), "size": request.size + 1}
    values["before"] = None if asked.chosen is None else asked.chosen.end
    if request.position is not None:
        at, id_ = _place(request.position)
        values |= {"at": at, "id": id_}
    found: dict[int, list[tuple[Position, Note]]] = {}
    for row in await _kept(own, _FIRST if request.position is None else _AFTER, values):
        note = _note(row)
        found.setdefault(row.owner, []).append((Position(micros(note.at), str(note.id), None), note))
    return {owner: page_of(request, found.get(number, [])) for number, owner in enumerate(listed)}


async def note_stats_by_customer(
    own: OwnStore, tenant: Tenant, owners: Collection[Key], _: None, __: frozenset[str]
) -> Mapping[Key, Stats]:
    listed = list(owners)
    rows = await _kept(own, _COUNT, _asked(tenant, listed))
    return {listed[row.owner]: Stats(count=row.notes) for row in rows}


async def _kept(own: OwnStore, query: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Find nothing where this gateway only reads: nobody could write a note."""
    try:
        return await own.rows(query, values)
    except ReadOnlyError:
        return []


def _asked(tenant: Tenant, owners: Sequence[Key]) -> dict[str, Any]:
    pairs = [(number, record) for number, owner in enumerate(owners) for record in json.loads(owner)]
    return {
        "tenant": own_tenant(tenant),
        "owners": [number for number, _ in pairs],
        "records": [record for _, record in pairs],
    }


def _place(position: Position) -> tuple[datetime, int]:
    """Read what stands in a cursor. Raises BadCursorError."""
    if not isinstance(position.value, int) or not position.key.isdecimal() or int(position.key) >= 1 << 63:
        raise BadCursorError(position.key)
    return instant(position.value), int(position.key)


def _note(row: Row[Any]) -> Note:
    return Note(id=row.id, record=row.record, at=row.at, by=row.by, text=row.text)
