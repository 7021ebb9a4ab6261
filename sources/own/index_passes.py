"""How far walks through all records have come, so that one that was interrupted is taken up where it ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, delete, func, select
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert

from domain.identifiers import IndexedKind
from domain.records import Key
from sources.own.operations import Tenant, own_tenant, store_tenant
from sources.own.store import OwnStore
from sources.own.tables import metadata

#: What was walked through longer ago is walked through again.
_RESUMABLE = timedelta(hours=24)
#: *record* is the kind that is being walked through, NULL where nobody is; *whole_at* when the last whole pass began.
passes = Table(
    "index_pass",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("walker", Text, primary_key=True),
    Column("began_at", TIMESTAMP(timezone=True), nullable=False),
    Column("record", Text),
    Column("after", Text),
    Column("sweeping", Boolean, nullable=False),
    Column("walked", BigInteger, nullable=False),
    Column("whole_at", TIMESTAMP(timezone=True)),
)


class Walker(Enum):
    """Who walks: somebody who waits for it, or a gateway beside its other work."""

    COMMAND = "command"
    BACKGROUND = "background"


@dataclass(slots=True)
class Pass:
    """Be a walk of *tenant*: *walked* records of *kind* are behind it, up to the key *after*.

    *sweeping*: what the index knows of that kind is held against the store. No *kind*: it is over.
    """

    tenant: Tenant
    walker: Walker
    began_at: datetime
    kind: IndexedKind | None
    after: Key | None = None
    sweeping: bool = False
    walked: int = 0


async def open_pass(own: OwnStore, tenant: Tenant, walker: Walker) -> Pass | None:
    """Find the walk that was not brought to its end, within a day."""
    asked = select(passes).where(
        passes.c.tenant == own_tenant(tenant),
        passes.c.walker == walker.value,
        passes.c.record.is_not(None),
        passes.c.began_at > func.clock_timestamp() - _RESUMABLE,
    )
    for row in await own.rows(asked):
        return Pass(
            tenant, walker, row.began_at, IndexedKind(row.record), row.after, sweeping=row.sweeping, walked=row.walked
        )
    return None


async def keep_pass(own: OwnStore, walk: Pass) -> None:
    """Keep how far *walk* has come; one that is over was whole."""
    values = {
        "began_at": walk.began_at,
        "record": None if walk.kind is None else walk.kind.value,
        "after": walk.after,
        "sweeping": walk.sweeping,
        "walked": walk.walked,
        **({"whole_at": walk.began_at} if walk.kind is None else {}),
    }
    kept = (
        insert(passes)
        .values(tenant=own_tenant(walk.tenant), walker=walk.walker.value, **values)
        .on_conflict_do_update(index_elements=["tenant", "walker"], set_=values)
    )
    await own.rows(kept.returning(passes.c.tenant))


async def indexed_at(own: OwnStore, tenant: Tenant) -> datetime | None:
    """Say when the last whole pass of *tenant* began."""
    return (await last_passes(own, tenant)).get(tenant)


async def last_passes(own: OwnStore, only: Tenant = None) -> dict[Tenant, datetime]:
    """Say of each tenant, or of *only* one, when its last whole pass began; those that had none are left out."""
    asked = (
        select(passes.c.tenant, func.max(passes.c.whole_at).label("at"))
        .where(passes.c.whole_at.is_not(None))
        .group_by(passes.c.tenant)
    )
    if only is not None:
        asked = asked.where(passes.c.tenant == only)
    return {store_tenant(row.tenant): row.at for row in await own.rows(asked)}


async def walked_tenants(own: OwnStore) -> set[Tenant]:
    """List the tenants that anybody has begun to walk through."""
    return {store_tenant(row.tenant) for row in await own.rows(select(passes.c.tenant).distinct())}


async def forget_passes(own: OwnStore, tenant: Tenant) -> None:
    """Let *tenant* be one that was never walked through."""
    await own.rows(delete(passes).where(passes.c.tenant == own_tenant(tenant)).returning(passes.c.tenant))
