"""The mutations of planned operations, and the steps of one."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import BadCursorError, BadIdError, ReadOnlyError
from domain.ids import LEAD, OPERATION, decode_id, encode_id
from domain.mutation_errors import ErrorCode, UserError
from domain.operations import Operation, OperationKind, OperationState
from domain.paging import Position, page_of
from domain.planning import Step
from domain.records import RecordKind
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.customers import CustomerRecord
from resolvers.link_events import own_store, record_of
from resolvers.loading import PageOf
from resolvers.mutating import LONGEST_KEY, sent_of, subject_of, text_faults
from resolvers.planned import Planned
from resolvers.selection import Wanted
from sources.own import operations as log
from sources.own import planning
from sources.own.idempotency import OtherInputError

_MOST = 1 << 31
#: What is said where the profile has nothing to work on.
_NOTHING = {
    OperationKind.BACKFILL: "The store has no accounts and no delivery records that could be linked.",
    OperationKind.ATTACH_LEADS: "The store has no leads that name a customer of its CRM.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Be a planned operation as it stands, or what is wrong."""

    operation: Operation | None = None
    errors: tuple[UserError, ...] = ()


async def backfill_links(
    context: Context, *, dry_run: bool, kinds: Sequence[RecordKind], invite: bool, limit: int | None, key: str | None
) -> Begun:
    """Plan a backfill, and do it unless *dry_run*. Raises ReadOnlyError where this gateway only reads."""
    faults = list(_limit_faults(limit, key))
    if RecordKind.ACCOUNT in kinds:
        message = "Accounts are made for customers that have a record of another kind."
        faults.append(UserError(ErrorCode.INVALID, message, ("createAccountsFor",)))
    if invite and context.accounts is not None and (fault := context.accounts.mail_fault) is not None:
        faults.append(replace(fault, path=("invite",)))
    chosen = sorted({kind.value for kind in kinds if kind in context.stores.kinds})
    asked = {"create_accounts_for": chosen, "invite": invite, "limit": limit}
    return await _begin(context, OperationKind.BACKFILL, "backfillLinks", asked, faults, dry_run=dry_run, key=key)


async def attach_orphaned_leads(
    context: Context, *, dry_run: bool, create_customers: bool, limit: int | None, key: str | None
) -> Begun:
    """Plan to attach leads, and do it unless *dry_run*. Raises ReadOnlyError where this gateway only reads."""
    asked = {"create_customers": create_customers, "limit": limit}
    faults = _limit_faults(limit, key)
    kind = OperationKind.ATTACH_LEADS
    return await _begin(context, kind, "attachOrphanedLeads", asked, faults, dry_run=dry_run, key=key)


async def _begin(
    context: Context,
    kind: OperationKind,
    mutation: str,
    asked: Mapping[str, Any],
    faults: Sequence[UserError],
    *,
    dry_run: bool,
    key: str | None,
) -> Begun:
    planned = _planned(context)
    if faults:
        return Begun(errors=tuple(faults))
    if kind not in planned.workers:
        return Begun(errors=(UserError(ErrorCode.NOT_MAPPED, _NOTHING[kind]),))
    operation = Operation(id=uuid.uuid4(), tenant=context.tenant, kind=kind, by=subject_of(context))
    sent = sent_of(context, mutation, key, [dict(asked), dry_run])
    try:
        id_ = await planned.begin(operation, asked, sent, live=not dry_run)
    except OtherInputError:
        return _other_input()
    return await _as_it_stands(context, id_)


async def apply_operation(context: Context, operation_id: str, key: str | None) -> Begun:
    """Do the steps of a planned operation; what is done already is answered as it stands."""
    planned = _planned(context)
    if faults := text_faults({"idempotencyKey": (key, LONGEST_KEY)}):
        return Begun(errors=tuple(faults))
    try:
        given = decode_id(operation_id, OPERATION)
        id_ = uuid.UUID(given.key)
    except (BadIdError, ValueError):
        message = "This is no id of an operation."
        return Begun(errors=(UserError(ErrorCode.INVALID, message, ("operationId",)),))
    found = None
    if given.tenant == context.tenant:
        found = await log.find_operation(planned.own, context.tenant, id_)
    if found is None:
        return Begun(errors=(UserError(ErrorCode.NOT_FOUND, "There is no such operation.", ("operationId",)),))
    if fault := _fault_of(found):
        return Begun(errors=(UserError(*fault, ("operationId",)),))
    try:
        await planned.apply(context.tenant, id_, sent_of(context, "applyOperation", key, operation_id))
    except OtherInputError:
        return _other_input()
    return await _as_it_stands(context, id_)


def _fault_of(found: Operation) -> tuple[ErrorCode, str] | None:
    """Say why nobody can apply *found*."""
    if found.counted is None:
        return ErrorCode.INVALID, "This operation was never planned: it does what it does by itself."
    if found.state is OperationState.FAILED:
        return ErrorCode.ALREADY_CHANGED, f"It could not be planned: {found.failure}"
    if found.steps is None:
        return ErrorCode.ALREADY_CHANGED, "It is still being planned: try again when it is PLANNED."
    return None


def _planned(context: Context) -> Planned:
    if context.planned is None:
        raise ReadOnlyError
    return context.planned


def _limit_faults(limit: int | None, key: str | None) -> list[UserError]:
    faults = text_faults({"idempotencyKey": (key, LONGEST_KEY)})
    if limit is not None and limit < 1:
        faults.append(UserError(ErrorCode.INVALID, "A limit is 1 or more.", ("limit",)))
    return faults


def _other_input() -> Begun:
    message = "This idempotencyKey came with another input before."
    return Begun(errors=(UserError(ErrorCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",)),))


async def _as_it_stands(context: Context, id_: uuid.UUID) -> Begun:
    context.forget()
    return Begun(operation=await log.find_operation(_planned(context).own, context.tenant, id_))


# ── its steps ──


async def find_steps(context: Context, operation: Operation, asked: PageOf, wanted: Wanted) -> Connection[Step] | None:
    """List the steps of *operation*, in their order; None where it was never planned."""
    if operation.counted is None:
        return None
    own, tenant = own_store(context), context.tenant
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    count = begun(planning.count_steps(own, operation.id)) if wanted.count else None
    page = None
    if wanted.page:
        behind = 0 if request.position is None else _number(request.position)
        found = await planning.steps_after(own, operation.id, behind, request.size + 1)
        page = page_of(request, [(Position(None, str(step.number)), step) for step in found])
    return Connection(tenant, page, count)


def _number(position: Position) -> int:
    if not position.key.isdecimal() or int(position.key) >= _MOST:
        raise BadCursorError(position.key)
    return int(position.key)


async def records_of_step(context: Context, step: Step) -> list[CustomerRecord]:
    return await asyncio.gather(*(record_of(context, ref) for ref in step.records))


def lead_of_step(context: Context, step: Step) -> str | None:
    return None if step.lead is None else encode_id(LEAD, context.tenant, step.lead)
