"""Planned operations and their steps, as they are kept: who is at work on one, and how far it has come."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.operations import Operation, OperationState, read_ref, written
from domain.planning import EXPECTED, Done, Outcome, Step, StepKind, counts_of
from sources.own.operations import LEASE, PLANNED_KINDS, Tenant, own_tenant, read_operation
from sources.own.store import OwnStore
from sources.own.tables import metadata, operations

steps = Table(
    "step",
    metadata,
    Column("operation", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("records", ARRAY(Text), nullable=False),
    Column("lead", Text),
    Column("message", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("outcome", Text),
)
_AT_WORK = operations.c.state.in_([OperationState.RUNNING.value, OperationState.PENDING.value])
_IS_PLANNED_KIND = operations.c.kind.in_([kind.value for kind in PLANNED_KINDS])


@dataclass(frozen=True, slots=True)
class Plan:
    """Be a planned *operation*: what was *asked* for, whether all its steps *are_planned*, and whether to do them."""

    operation: Operation
    asked: Mapping[str, Any]
    are_planned: bool
    is_live: bool


# ── the operation ──


async def begin(
    connection: AsyncConnection, operation: Operation, asked: Mapping[str, Any], owner: uuid.UUID, *, live: bool
) -> Plan:
    """Write down that *operation* is being planned, leased to *owner*."""
    begun = (
        insert(operations)
        .values(
            id=operation.id,
            tenant=own_tenant(operation.tenant),
            kind=operation.kind.value,
            state=OperationState.RUNNING.value,
            by=operation.by,
            created_at=func.now(),
            plan={"asked": dict(asked), "planned": False, "live": live},
            done=0,
            total=None,
            counts={},
            lease_owner=owner,
            lease_until=func.now() + LEASE,
        )
        .returning(operations)
    )
    return _plan((await connection.execute(begun)).one())


async def take_up(connection: AsyncConnection, owner: uuid.UUID) -> Plan | None:
    """Take over the oldest planned operation that somebody began and nobody is at work on; None where there is none."""
    is_free = or_(operations.c.lease_until.is_(None), operations.c.lease_until < func.now())
    oldest = select(operations.c.id).where(_AT_WORK, _IS_PLANNED_KIND, is_free).order_by(operations.c.created_at)
    return await _lease(connection, oldest.limit(1).with_for_update(skip_locked=True), owner)


async def start(connection: AsyncConnection, tenant: Tenant, id_: uuid.UUID, owner: uuid.UUID) -> Plan | None:
    """Begin to do the steps of a PLANNED operation; None where it is not PLANNED any more.

    Whoever begins it at the same time is waited for, so that what is read after that is not PLANNED still.
    """
    of_it = [operations.c.id == id_, operations.c.tenant == own_tenant(tenant), _IS_PLANNED_KIND]
    planned = select(operations.c.id).where(*of_it, operations.c.state == OperationState.PLANNED.value)
    return await _lease(connection, planned.with_for_update(), owner, counts={}, plan=_with("live"))


async def _lease(connection: AsyncConnection, chosen: Any, owner: uuid.UUID, **more: Any) -> Plan | None:
    taken = (
        update(operations)
        .where(operations.c.id == chosen.scalar_subquery())
        .values(lease_owner=owner, lease_until=func.now() + LEASE, state=OperationState.RUNNING.value, **more)
        .returning(operations)
    )
    row = (await connection.execute(taken)).first()
    return None if row is None else _plan(row)


async def renew(connection: AsyncConnection, id_: uuid.UUID, owner: uuid.UUID) -> bool:
    """Keep the lease; False where another gateway has it by now."""
    kept = update(operations).where(_held(id_, owner)).values(lease_until=func.now() + LEASE)
    return (await connection.execute(kept)).rowcount == 1


async def note_planned(connection: AsyncConnection, plan: Plan, owner: uuid.UUID, total: int) -> bool:
    """Say that all *total* steps are planned: to be done at once if that was asked, else PLANNED."""
    id_ = plan.operation.id
    values: dict[str, Any] = {"total": total, "plan": _with("planned")}
    if not plan.is_live:
        values |= {"state": OperationState.PLANNED.value, "lease_owner": None, "lease_until": None}
        values["counts"] = await _expected(connection, id_)
    return (await connection.execute(update(operations).where(_held(id_, owner)).values(**values))).rowcount == 1


async def note_progress(connection: AsyncConnection, id_: uuid.UUID, owner: uuid.UUID) -> None:
    """Count what was done so far."""
    done, counts = await _counted(connection, id_)
    await connection.execute(update(operations).where(_held(id_, owner)).values(done=done, counts=counts))


async def close(
    connection: AsyncConnection, id_: uuid.UUID, owner: uuid.UUID, state: OperationState, failure: str | None = None
) -> None:
    """Leave the operation in *state*: over, or PENDING for whoever looks next."""
    done, counts = await _counted(connection, id_)
    values: dict[str, Any] = {"state": state.value, "done": done, "counts": counts, "failure": failure}
    values |= {"lease_owner": None, "lease_until": None}
    if state.is_over:
        values["finished_at"] = func.now()
    await connection.execute(update(operations).where(_held(id_, owner)).values(**values))


async def find_plan(own: OwnStore, tenant: Tenant, id_: uuid.UUID) -> Plan | None:
    asked = select(operations).where(operations.c.tenant == own_tenant(tenant), operations.c.id == id_)
    rows = await own.rows(asked.where(_IS_PLANNED_KIND))
    return _plan(rows[0]) if rows else None


def _with(flag: str) -> ColumnElement[Any]:
    """Be the plan with *flag* set."""
    path = cast(array([flag]), ARRAY(Text))
    return func.jsonb_set(operations.c.plan, path, literal(True, JSONB))


def _held(id_: uuid.UUID, owner: uuid.UUID) -> ColumnElement[bool]:
    return (operations.c.id == id_) & (operations.c.lease_owner == owner) & _AT_WORK


def _plan(row: Row[Any]) -> Plan:
    return Plan(read_operation(row), row.plan["asked"], row.plan["planned"], row.plan["live"])


# ── its steps ──


async def clear(connection: AsyncConnection, id_: uuid.UUID) -> None:
    """Forget steps that were planned before a crash: a plan is begun anew, for nothing is done yet."""
    await connection.execute(delete(steps).where(steps.c.operation == id_))


async def add_steps(connection: AsyncConnection, id_: uuid.UUID, first: int, planned: Sequence[Step]) -> None:
    """Keep *planned* steps, numbered from *first*."""
    rows = [
        {
            "operation": id_,
            "number": number,
            "kind": step.kind.value,
            "records": [written(ref) for ref in step.records],
            "lead": step.lead,
            "message": step.message,
            "details": dict(step.details),
            "done": False,
            "outcome": None,
        }
        for number, step in enumerate(planned, start=first)
    ]
    if rows:
        await connection.execute(insert(steps), rows)


async def steps_after(own: OwnStore, id_: uuid.UUID, number: int, size: int, *, to_do: bool = False) -> Sequence[Step]:
    """Read up to *size* steps behind *number*; only those that are still *to_do*, if so."""
    query = select(steps).where(steps.c.operation == id_, steps.c.number > number)
    if to_do:
        query = query.where(~steps.c.done)
    return [_step(row) for row in await own.rows(query.order_by(steps.c.number).limit(size))]


async def count_steps(own: OwnStore, id_: uuid.UUID) -> int:
    number: int = (await own.rows(select(func.count()).where(steps.c.operation == id_)))[0][0]
    return number


_MARK = text(
    """
    UPDATE gateway.step AS own SET done = true, outcome = given.outcome, message = coalesce(given.message, own.message)
    FROM unnest(:numbers, :outcomes, :messages) AS given (number, outcome, message)
    WHERE own.operation = :operation AND own.number = given.number AND NOT own.done
    """
).bindparams(
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("outcomes", type_=ARRAY(Text)),
    bindparam("messages", type_=ARRAY(Text)),
)


async def mark_all(connection: AsyncConnection, id_: uuid.UUID, done: Mapping[int, Done]) -> None:
    """Say what came of steps, by their numbers, as far as that was not said before."""
    values = {
        "outcomes": [one.outcome.value for one in done.values()],
        "messages": [one.message for one in done.values()],
    }
    await connection.execute(_MARK, {"operation": id_, "numbers": list(done), **values})


async def _counted(connection: AsyncConnection, id_: uuid.UUID) -> tuple[int, dict[str, int]]:
    query = select(steps.c.outcome, func.count()).where(steps.c.operation == id_, steps.c.done)
    rows = (await connection.execute(query.group_by(steps.c.outcome))).all()
    outcomes = {Outcome(outcome): number for outcome, number in rows}
    return sum(outcomes.values()), _kept(outcomes)


async def _expected(connection: AsyncConnection, id_: uuid.UUID) -> dict[str, int]:
    query = select(steps.c.kind, func.count()).where(steps.c.operation == id_).group_by(steps.c.kind)
    found: Counter[Outcome] = Counter()
    for kind, number in (await connection.execute(query)).all():
        found[EXPECTED[StepKind(kind)]] += number
    return _kept(found)


def _kept(outcomes: Mapping[Outcome, int]) -> dict[str, int]:
    counts = counts_of(outcomes)
    return {name: getattr(counts, name) for name in counts.__slots__}


def _step(row: Row[Any]) -> Step:
    step = Step(
        kind=StepKind(row.kind),
        records=tuple(read_ref(text) for text in row.records),
        lead=row.lead,
        message=row.message,
        details=row.details,
        number=row.number,
    )
    return replace(step, done=row.done, outcome=None if row.outcome is None else Outcome(row.outcome))
