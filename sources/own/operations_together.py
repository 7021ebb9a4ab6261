"""Operations of the log, many at once: what each has to itself, intends and leaves behind, in one statement for all."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ARRAY, Text, Uuid, bindparam, delete, func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.operations import Operation, OperationState
from sources.own.operations import LEASE, Tenant, event_row, intent_row, is_held, own_tenant
from sources.own.tables import claims, link_events, operations

#: In the order in which single operations take theirs, so that no two wait for each other in a circle.
_TAKE = text(
    """
    INSERT INTO gateway.claim (tenant, thing, operation)
    SELECT :tenant, thing, operation FROM unnest(:things, :operations) AS wanted (thing, operation)
    ORDER BY thing COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING thing, operation
    """
).bindparams(bindparam("things", type_=ARRAY(Text)), bindparam("operations", type_=ARRAY(Uuid)))


async def take_claims_of(
    connection: AsyncConnection, tenant: Tenant, things: Mapping[uuid.UUID, Collection[str]]
) -> Mapping[uuid.UUID, set[str]]:
    """Take its *things* for each operation; answer what those lack that do not get all: another operation has it."""
    wanted = [(thing, operation) for operation, own in things.items() for thing in own]
    lacking: dict[uuid.UUID, set[str]] = {}
    if wanted:
        values = {"things": [thing for thing, _ in wanted], "operations": [operation for _, operation in wanted]}
        taken = (await connection.execute(_TAKE, {"tenant": own_tenant(tenant), **values})).all()
        got = {(row.thing, row.operation) for row in taken}
        for thing, operation in wanted:
            if (thing, operation) not in got:
                lacking.setdefault(operation, set()).add(thing)
    return lacking


async def release_all(connection: AsyncConnection, ids: Collection[uuid.UUID]) -> None:
    """Let go of what the operations *ids* have claimed."""
    if ids:
        await connection.execute(delete(claims).where(claims.c.operation == _any(ids)))


async def begin_all(connection: AsyncConnection, begun: Sequence[Operation], owner: uuid.UUID) -> None:
    """Write down what each of *begun* intends, all leased to *owner*."""
    if begun:
        at = {"created_at": func.now(), "lease_until": func.clock_timestamp() + LEASE}
        # Outside the event loop: writing down hundreds of intents takes a while.
        rows = await asyncio.to_thread(lambda: [intent_row(one, owner) for one in begun])
        await connection.execute(insert(operations).values(**at), rows)


async def renew_all(connection: AsyncConnection, ids: Collection[uuid.UUID], owner: uuid.UUID) -> set[uuid.UUID]:
    """Keep the leases; answer those operations of which *owner* still has it."""
    kept = update(operations).where(operations.c.id == _any(ids), is_held(owner))
    rows = await connection.execute(kept.values(lease_until=func.now() + LEASE).returning(operations.c.id))
    return set(rows.scalars())


async def put_off_all(connection: AsyncConnection, ids: Collection[uuid.UUID], owner: uuid.UUID) -> None:
    """Let go of operations that a store stands in the way of: PENDING, for whoever looks next."""
    free = {"state": OperationState.PENDING.value, "lease_owner": None, "lease_until": None}
    await connection.execute(update(operations).where(operations.c.id == _any(ids), is_held(owner)).values(**free))


async def finish_all(connection: AsyncConnection, done: Sequence[Operation], owner: uuid.UUID) -> set[uuid.UUID]:
    """Close operations whose writes are all done, of which none undoes or rejects anything: APPLIED, with their events.

    Answers those that nobody else has closed. Their claims are free from then on.
    """
    if not done:
        return set()
    over = {"state": OperationState.APPLIED.value, "done": operations.c.total, "finished_at": func.now()}
    free = {"lease_owner": None, "lease_until": None, "failure": None}
    closing = update(operations).where(operations.c.id == _any([one.id for one in done]), is_held(owner))
    closed = set((await connection.execute(closing.values(**over, **free).returning(operations.c.id))).scalars())
    await release_all(connection, closed)
    left = [(one, one.event) for one in done if one.id in closed and one.event is not None]
    rows = await asyncio.to_thread(lambda: [event_row(one.tenant, event, one.by, one) for one, event in left])
    if rows:
        await connection.execute(insert(link_events).values(at=func.now()), rows)
    return closed


def _any(ids: Collection[uuid.UUID]) -> object:
    return func.any(bindparam("ids", list(ids), type_=ARRAY(Uuid)))
