"""What only one gateway at a time is to be at work on, by name; whoever dies loses it after a while."""

import uuid
from datetime import timedelta

from sqlalchemy import Column, Table, Text, Uuid, delete, func, or_
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert

from sources.own.store import OwnStore
from sources.own.tables import metadata

LEASE = timedelta(seconds=60)
leases = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Uuid, nullable=False),
    Column("until", TIMESTAMP(timezone=True), nullable=False),
)


async def take(own: OwnStore, name: str, owner: uuid.UUID) -> bool:
    """Take *name* for *owner*, or keep it; False while another has it."""
    until = func.clock_timestamp() + LEASE
    free = or_(leases.c.owner == owner, leases.c.until < func.clock_timestamp())
    taken = (
        insert(leases)
        .values(name=name, owner=owner, until=until)
        .on_conflict_do_update(index_elements=["name"], set_={"owner": owner, "until": until}, where=free)
        .returning(leases.c.name)
    )
    return bool(await own.rows(taken))


async def release(own: OwnStore, name: str, owner: uuid.UUID) -> None:
    await own.rows(delete(leases).where(leases.c.name == name, leases.c.owner == owner).returning(leases.c.name))
