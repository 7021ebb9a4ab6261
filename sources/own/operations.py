"""The log of operations: what is intended, what it has to itself, how far it has come, and what came of it."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import IdentifierKind
from domain.operations import (
    Counts,
    Intended,
    LinkEvent,
    LinkEventKind,
    Operation,
    OperationKind,
    OperationState,
    read_ref,
    written,
)
from sources.own.plans import plan_of, read_plan, read_writes, trail_of
from sources.own.store import OwnStore
from sources.own.tables import claims, link_events, operations, rejections

Tenant = str | None
#: How long a gateway has an operation to itself before another takes it for dead.
LEASE = timedelta(seconds=30)
#: Operations of many steps: whoever does these steps leases them, see `sources.own.planning`.
PLANNED_KINDS = frozenset({OperationKind.BACKFILL, OperationKind.ATTACH_LEADS})
UNFINISHED = operations.c.state.in_([OperationState.RUNNING.value, OperationState.PENDING.value])


def own_tenant(tenant: Tenant) -> str:
    """Write *tenant* as the own tables do: empty where the store has none."""
    return tenant or ""


def store_tenant(own: str) -> Tenant:
    return own or None


# ── claims ──


async def take_claims(
    connection: AsyncConnection, tenant: Tenant, things: Collection[str], operation: uuid.UUID
) -> uuid.UUID | None:
    """Take *things* for *operation*, in order, so that no two wait for each other in a circle.

    Answers the operation that has one of them already, which then has to be waited for; None where all were taken.
    """
    for thing in sorted(things):
        own = {"tenant": own_tenant(tenant), "thing": thing}
        taken = upsert(claims).values(**own, operation=operation).on_conflict_do_nothing().returning(claims.c.thing)
        if (await connection.execute(taken)).first() is None:
            holder = select(claims.c.operation).where(claims.c.tenant == own["tenant"], claims.c.thing == thing)
            return (await connection.execute(holder)).scalar() or operation
    return None


async def release(connection: AsyncConnection, operation: uuid.UUID) -> None:
    """Let go of what *operation* has claimed."""
    await connection.execute(delete(claims).where(claims.c.operation == operation))


# ── operations ──


async def begin(connection: AsyncConnection, operation: Operation, owner: uuid.UUID) -> Operation:
    """Write down what *operation* intends, leased to *owner*; answer it with the moment of that."""
    # Not from when the transaction began: it has read a good deal since.
    at = {"created_at": func.now(), "lease_until": func.clock_timestamp() + LEASE}
    begun = insert(operations).values(**intent_row(operation, owner), **at).returning(operations.c.created_at)
    return replace(operation, created_at=(await connection.execute(begun)).scalar_one())


def intent_row(operation: Operation, owner: uuid.UUID) -> dict[str, Any]:
    """Be the row of an *operation* that is begun now by *owner*, but for its times."""
    return {
        "id": operation.id,
        "tenant": own_tenant(operation.tenant),
        "kind": operation.kind.value,
        "state": OperationState.RUNNING.value,
        "by": operation.by,
        "plan": plan_of(operation),
        "done": 0,
        "total": len(operation.writes),
        "counts": {},
        "lease_owner": owner,
    }


async def lease(connection: AsyncConnection, owner: uuid.UUID, *, only: uuid.UUID | None = None) -> Operation | None:
    """Take over one unfinished operation (*only* this one, else the oldest) whose lease is over, for *owner*."""
    is_single = operations.c.kind.not_in([kind.value for kind in PLANNED_KINDS])
    free: list[ColumnElement[bool]] = [
        is_single,
        UNFINISHED,
        or_(operations.c.lease_until.is_(None), _lease_is_over()),
    ]
    if only is not None:
        free.append(operations.c.id == only)
    oldest = select(operations.c.id).where(*free).order_by(operations.c.created_at).limit(1)
    taken = (
        update(operations)
        .where(operations.c.id == oldest.with_for_update(skip_locked=True).scalar_subquery())
        .values(lease_owner=owner, lease_until=func.now() + LEASE, state=OperationState.RUNNING.value)
        .returning(operations)
    )
    row = (await connection.execute(taken)).first()
    return None if row is None else read_operation(row)


async def renew(connection: AsyncConnection, operation: uuid.UUID, owner: uuid.UUID, done: int) -> bool:
    """Keep the lease, and write down how many writes are *done*; False where another gateway has it by now."""
    kept = update(operations).where(_held(operation, owner)).values(lease_until=func.now() + LEASE, done=done)
    return (await connection.execute(kept)).rowcount == 1


async def put_off(connection: AsyncConnection, operation: uuid.UUID, owner: uuid.UUID) -> None:
    """Let go of an operation that a store stands in the way of: PENDING, for whoever looks next."""
    free = {"state": OperationState.PENDING.value, "lease_owner": None, "lease_until": None}
    await connection.execute(update(operations).where(_held(operation, owner)).values(**free))


async def finish(connection: AsyncConnection, operation: Operation, owner: uuid.UUID) -> tuple[bool, int | None]:
    """Close an operation whose writes are all done: APPLIED, with its event; answer the event's id.

    False where somebody else has closed it. Its claims are free from then on.
    """
    if not await _close(connection, operation, owner, OperationState.APPLIED, None, done=len(operation.writes)):
        return False, None
    if operation.event is None:
        return True, None
    return True, await add_event(connection, operation.tenant, operation.event, operation.by, operation)


async def fail(connection: AsyncConnection, operation: Operation, owner: uuid.UUID, reason: str) -> bool:
    """Close an operation that was turned back: FAILED, and its claims are free; False where it is closed already."""
    return await _close(connection, operation, owner, OperationState.FAILED, reason, done=0)


async def note_failure(connection: AsyncConnection, operation: uuid.UUID, reason: str) -> None:
    """Say why *operation* failed, and what is left of it."""
    await connection.execute(update(operations).where(operations.c.id == operation).values(failure=reason))


async def _close(
    connection: AsyncConnection,
    operation: Operation,
    owner: uuid.UUID,
    state: OperationState,
    failure: str | None,
    *,
    done: int,
) -> bool:
    over = {"state": state.value, "done": done, "finished_at": func.now(), "lease_owner": None, "lease_until": None}
    closed = update(operations).where(_held(operation.id, owner)).values(**over, failure=failure)
    if (await connection.execute(closed)).rowcount != 1:
        return False
    await release(connection, operation.id)
    return True


async def find_operation(own: OwnStore, tenant: Tenant, id_: uuid.UUID) -> Operation | None:
    asked = select(operations).where(operations.c.tenant == own_tenant(tenant), operations.c.id == id_)
    rows = await own.rows(asked)
    return read_operation(rows[0]) if rows else None


def is_held(owner: uuid.UUID) -> ColumnElement[bool]:
    """Ask for operations that *owner* is at work on."""
    return (operations.c.lease_owner == owner) & UNFINISHED


def _held(operation: uuid.UUID, owner: uuid.UUID) -> ColumnElement[bool]:
    return (operations.c.id == operation) & is_held(owner)


def _lease_is_over() -> ColumnElement[bool]:
    return operations.c.lease_until < func.now()


# ── events ──


async def add_event(
    connection: AsyncConnection, tenant: Tenant, event: Intended, by: str, operation: Operation | None
) -> int:
    """Add *event* to the trail; what it undoes is undone from then on."""
    row = event_row(tenant, event, by, operation)
    added = insert(link_events).values(**row, at=func.now()).returning(link_events.c.id)
    id_: int = (await connection.execute(added)).scalar_one()
    if event.undo_of is not None:
        undone = update(link_events).where(link_events.c.id == event.undo_of).values(undone_by=id_)
        await connection.execute(undone)
        await connection.execute(delete(rejections).where(rejections.c.event == event.undo_of))
    for pair in event.rejects:
        one, other = sorted(written(ref) for ref in pair)
        own = {"tenant": own_tenant(tenant), "one": one, "other": other, "event": id_}
        await connection.execute(upsert(rejections).values(**own).on_conflict_do_nothing())
    return id_


def event_row(tenant: Tenant, event: Intended, by: str, operation: Operation | None) -> dict[str, Any]:
    """Be the row of an *event* that comes about now, but for its time."""
    return {
        "tenant": own_tenant(tenant),
        "kind": event.kind.value,
        "records": [written(ref) for ref in event.records],
        "by": by,
        "rule": None if event.rule is None else event.rule.value,
        "reason": event.reason,
        "plan": [] if operation is None else trail_of(operation, event),
        "operation": None if operation is None else operation.id,
        "undo_of": event.undo_of,
    }


async def find_event(own: OwnStore, tenant: Tenant, id_: int) -> LinkEvent | None:
    asked = select(link_events).where(link_events.c.tenant == own_tenant(tenant), link_events.c.id == id_)
    rows = await own.rows(asked)
    return read_event(rows[0]) if rows else None


async def event_of(own: OwnStore, operation: uuid.UUID) -> int | None:
    """Find the event that *operation* left behind."""
    rows = await own.rows(select(link_events.c.id).where(link_events.c.operation == operation))
    return rows[0].id if rows else None


def read_event(row: Row[Any]) -> LinkEvent:
    return LinkEvent(
        id=row.id,
        at=row.at,
        kind=LinkEventKind(row.kind),
        records=tuple(read_ref(text) for text in row.records),
        by=row.by,
        rule=None if row.rule is None else IdentifierKind(row.rule),
        reason=row.reason,
        operation=row.operation,
        undo_of=row.undo_of,
        undone_by=row.undone_by,
        writes=read_writes(row.plan),
    )


def read_operation(row: Row[Any]) -> Operation:
    kind = OperationKind(row.kind)
    operation = Operation(
        id=row.id,
        tenant=store_tenant(row.tenant),
        kind=kind,
        by=row.by,
        state=OperationState(row.state),
        done=row.done,
        created_at=row.created_at,
        failure=row.failure,
    )
    if kind in PLANNED_KINDS:
        return replace(operation, steps=row.total, counted=Counts(**row.counts))
    return replace(operation, **read_plan(row.plan))
