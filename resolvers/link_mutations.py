"""The mutations of links: what a client gives becomes a use case, and what came of it is read anew."""

import asyncio
from collections.abc import Sequence

from domain.errors import BadIdError, ReadOnlyError, SourceError
from domain.ids import LINK_EVENT, LINK_SUGGESTION, decode_id
from domain.mutation_errors import ErrorCode, LinkConflict, UserError
from domain.operations import LinkEvent, written
from domain.records import Customer, RecordRef
from resolvers.context import Context
from resolvers.customers import CustomerRecord, customer_by_record
from resolvers.link_events import own_store, record_of
from resolvers.linking import Linked, Linking, refused
from resolvers.mutating import LONGEST_KEY, sent_of, subject_of, text_faults
from resolvers.rejecting import Rejecting
from resolvers.suggestions import suggested_records
from sources.own import operations as log

_LONGEST_REASON = 2_000


async def link_records(context: Context, refs: Sequence[RecordRef], reason: str | None, key: str | None) -> Linked:
    """Make one customer of *refs*. Raises ReadOnlyError where this gateway only reads."""
    if faults := _faults(reason, key):
        return refused(*faults)
    sent = sent_of(context, "linkRecords", key, [[written(ref) for ref in refs], reason])
    return _written(context, await _linking(context).link(refs, reason, sent))


async def unlink_record(context: Context, ref: RecordRef, reason: str | None, key: str | None) -> Linked:
    """Cut every link of *ref*. Raises ReadOnlyError where this gateway only reads."""
    if faults := _faults(reason, key):
        return refused(*faults)
    sent = sent_of(context, "unlinkRecord", key, [written(ref), reason])
    return _written(context, await _linking(context).unlink(ref, reason, sent))


async def undo_link(context: Context, event_id: str, reason: str | None, key: str | None) -> Linked:
    """Undo the event that has the id *event_id*. Raises ReadOnlyError where this gateway only reads."""
    undoing = _linking(context)
    if faults := _faults(reason, key):
        return refused(*faults)
    try:
        given = decode_id(event_id, LINK_EVENT)
    except BadIdError as error:
        return refused(UserError(ErrorCode.INVALID, str(error), ("eventId",)))
    if given.tenant != context.tenant or not given.key.isdecimal() or int(given.key) >= 1 << 63:
        return refused(UserError(ErrorCode.NOT_FOUND, "There is no such event.", ("eventId",)))
    return _written(
        context, await undoing.undo(int(given.key), reason, sent_of(context, "undoLink", key, [event_id, reason]))
    )


async def reject_suggestion(context: Context, suggestion_id: str, reason: str | None, key: str | None) -> Linked:
    """Let the suggestion *suggestion_id* not be made again. Raises ReadOnlyError where this gateway only reads."""
    rejecting = _linking(context)
    if faults := _faults(reason, key):
        return refused(*faults)
    try:
        given = decode_id(suggestion_id, LINK_SUGGESTION)
    except BadIdError as error:
        return refused(UserError(ErrorCode.INVALID, str(error), ("suggestionId",)))
    records = suggested_records(given.key)
    if given.tenant != context.tenant or not records:
        return refused(UserError(ErrorCode.NOT_FOUND, "There is no such suggestion.", ("suggestionId",)))
    sent = sent_of(context, "rejectSuggestion", key, [suggestion_id, reason])
    return _written(context, await Rejecting(rejecting).reject(records, reason, sent))


def _faults(reason: str | None, key: str | None) -> list[UserError]:
    """Say what is wrong with texts that are kept as they are given."""
    return text_faults({"reason": (reason, _LONGEST_REASON), "idempotencyKey": (key, LONGEST_KEY)})


def _linking(context: Context) -> Linking:
    if context.operations is None:
        raise ReadOnlyError
    by = subject_of(context)
    return Linking(stores=context.stores, operations=context.operations, tenant=context.tenant, by=by)


def _written(context: Context, linked: Linked) -> Linked:
    """Let what is told of *linked* be read anew."""
    context.forget()
    return linked


async def customers_of(context: Context, linked: Linked) -> list[Customer]:
    """List the customers that the records belong to now; while a store is down, those that can be told."""
    found = await asyncio.gather(*(customer_by_record(context, ref) for ref in linked.records), return_exceptions=True)
    for error in found:
        if isinstance(error, BaseException) and not isinstance(error, SourceError):
            raise error
    return list({one.head: one for one in found if isinstance(one, Customer)}.values())


async def event_of(context: Context, linked: Linked) -> LinkEvent | None:
    if linked.event is None:
        return None
    return await log.find_event(own_store(context), context.tenant, linked.event)


async def record_in_conflict(context: Context, conflict: LinkConflict) -> CustomerRecord:
    assert conflict.record is not None
    return await record_of(context, conflict.record)


async def linked_to_of(context: Context, conflict: LinkConflict) -> Customer | None:
    return None if conflict.linked_to is None else await customer_by_record(context, conflict.linked_to)
