"""The mutations of links: what a client gives becomes a use case, and what came of it is read anew."""

import asyncio
import json
from collections.abc import Sequence
from hashlib import sha256

from domain.errors import BadIdError, ReadOnlyError, SourceError
from domain.ids import LINK_EVENT, decode_id
from domain.mutation_errors import ErrorCode, LinkConflict, UserError
from domain.operations import LinkEvent, written
from domain.records import Customer, RecordRef
from resolvers.context import Context
from resolvers.customers import CustomerRecord, customer_by_record
from resolvers.link_events import own_store, record_of
from resolvers.linking import Linked, Linking, refused
from sources.own import operations as log
from sources.own.idempotency import Sent
from sources.storable import is_storable

_LONGEST_REASON, _LONGEST_KEY = 2_000, 200


async def link_records(context: Context, refs: Sequence[RecordRef], reason: str | None, key: str | None) -> Linked:
    """Make one customer of *refs*. Raises ReadOnlyError where this gateway only reads."""
    if faults := _faults(reason, key):
        return refused(*faults)
    sent = _sent(context, "linkRecords", key, [[written(ref) for ref in refs], reason])
    return _written(context, await _linking(context).link(refs, reason, sent))


async def unlink_record(context: Context, ref: RecordRef, reason: str | None, key: str | None) -> Linked:
    """Cut every link of *ref*. Raises ReadOnlyError where this gateway only reads."""
    if faults := _faults(reason, key):
        return refused(*faults)
    sent = _sent(context, "unlinkRecord", key, [written(ref), reason])
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
        context, await undoing.undo(int(given.key), reason, _sent(context, "undoLink", key, [event_id, reason]))
    )


def _faults(reason: str | None, key: str | None) -> list[UserError]:
    """Say what is wrong with texts that are kept as they are given."""
    faults: list[UserError] = []
    for name, text, longest in (("reason", reason, _LONGEST_REASON), ("idempotencyKey", key, _LONGEST_KEY)):
        if text is None:
            continue
        if not is_storable(text):
            faults.append(UserError(ErrorCode.INVALID, f"{name} holds a character that no store can keep.", (name,)))
        elif len(text) > longest:
            faults.append(UserError(ErrorCode.TOO_LONG, f"{name} may have {longest} characters.", (name,)))
    return faults


def _linking(context: Context) -> Linking:
    if context.operations is None:
        raise ReadOnlyError
    viewer = context.access.viewer
    assert viewer is not None
    return Linking(stores=context.stores, operations=context.operations, tenant=context.tenant, by=viewer.subject)


def _sent(context: Context, mutation: str, key: str | None, given: object) -> Sent | None:
    """Be what tells a mutation that is sent again; None where it has no key."""
    if key is None:
        return None
    viewer = context.access.viewer
    assert viewer is not None
    return Sent(viewer.subject, mutation, key, sha256(json.dumps(given).encode()).hexdigest())


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
