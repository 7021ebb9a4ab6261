"""What whoever walks through the stores does with the rows of the identifier index."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, delete, func, select, text, tuple_

from domain.identifiers import IndexedKind
from domain.records import Key
from sources.own.identifiers import PUT, Rows, identifiers, put_values, rows_of
from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore


async def put_read(own: OwnStore, tenant: Tenant, rows: Rows, as_of: datetime) -> int:
    """Keep what the records *rows*, read at *as_of*, are found by, in a statement of its own; say how many changed."""
    values = put_values(tenant, rows, as_of)
    return 0 if values is None else len(await own.rows(PUT, values))


async def clock(own: OwnStore) -> datetime:
    """Tell the time as the index does: *as_of* for what is read from now on."""
    now: datetime = (await own.rows(select(func.clock_timestamp())))[0][0]
    return now


async def known_keys(
    own: OwnStore, tenant: Tenant, kind: IndexedKind, *, after: Key | None, size: int
) -> Sequence[Key]:
    """List the keys of the records of *kind* that the index knows, by code points: up to *size* that follow *after*."""
    query = select(identifiers.c.key).where(rows_of(tenant, [kind])).order_by(identifiers.c.key).limit(size)
    if after is not None:
        query = query.where(identifiers.c.key > after)
    return [row.key for row in await own.rows(query)]


async def count_known(own: OwnStore, tenant: Tenant, kind: IndexedKind) -> int:
    rows = await own.rows(select(func.count(type_=BigInteger)).select_from(identifiers).where(rows_of(tenant, [kind])))
    number: int = rows[0][0]
    return number


async def forget(
    own: OwnStore, tenant: Tenant, kinds: Sequence[IndexedKind], keys: Collection[Key] | None, *, before: datetime
) -> int:
    """Forget the records *keys* (all, where None) of *kinds* unless they were written since *before*; say how many."""
    gone = (
        delete(identifiers)
        .where(rows_of(tenant, kinds), identifiers.c.held_until < before)
        .returning(identifiers.c.key)
    )
    if keys is not None:
        gone = gone.where(identifiers.c.key == func.any(bindparam("keys", list(keys), type_=ARRAY(Text))))
    return len(await own.rows(gone))


async def forget_some(own: OwnStore, tenant: Tenant, *, size: int) -> int:
    """Forget up to *size* records of *tenant*, whatever they are; say how many there were."""
    key = (identifiers.c.tenant, identifiers.c.record, identifiers.c.key)
    some = select(*key).where(identifiers.c.tenant == own_tenant(tenant)).limit(size)
    return len(await own.rows(delete(identifiers).where(tuple_(*key).in_(some)).returning(identifiers.c.key)))


async def learn_what_is_there(own: OwnStore) -> None:
    """Let the server look at the index after it was filled, so that it plans searches by what is there."""
    async with own.transaction() as connection:
        await connection.execute(text("ANALYZE gateway.identifiers"))
