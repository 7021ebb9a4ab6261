"""What the gateway knows of changes of a status: who made them, and what they noted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Table, Text, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore
from sources.own.tables import SCHEMA, metadata

NAME = f"{SCHEMA}.status_event"
#: One change of a lead's or booking's (*kind*) status; *written_at* is when it was, as the store's own history has it.
status_events = Table(
    "status_event",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("from", Text, nullable=True),
    Column("to", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=True),
    Column("written_at", TIMESTAMP(timezone=True), nullable=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Be a change of status: *from_* and *to* are the store's words."""

    kind: str
    key: str
    at: datetime
    from_: str | None
    to: str
    by: str
    note: str | None
    written_at: datetime | None = None


class Written(NamedTuple):
    """Name a row of the store's own history."""

    key: str
    at: datetime
    to: str


class Told(NamedTuple):
    by: str
    note: str | None


async def add(connection: AsyncConnection, tenant: Tenant, change: Change) -> None:
    """Keep *change* in the transaction that made it."""
    values = {
        "tenant": own_tenant(tenant),
        "kind": change.kind,
        "key": change.key,
        "at": change.at,
        "from": change.from_,
        "to": change.to,
        "by": change.by,
        "note": change.note,
        "written_at": change.written_at,
    }
    await connection.execute(insert(status_events).values(values))


async def told_of(own: OwnStore, tenant: Tenant, kind: str, rows: Collection[Written]) -> Mapping[Written, Told]:
    """Say of *rows* of the store's own history who made the change, and what they noted; nothing of those of others."""
    if not rows:
        return {}
    keys, moments = [row.key for row in rows], [row.at for row in rows]
    asked = select(status_events).where(
        status_events.c.tenant == own_tenant(tenant),
        status_events.c.kind == kind,
        status_events.c.key == func.any(bindparam("keys", keys, type_=ARRAY(Text))),
        status_events.c.written_at == func.any(bindparam("moments", moments, type_=ARRAY(TIMESTAMP(timezone=True)))),
    )
    found = await own.rows(asked)
    return {Written(row.key, row.written_at, row.to): Told(row.by, row.note) for row in found}
