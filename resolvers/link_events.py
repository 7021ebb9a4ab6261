"""Read the trail of links, operations, and the records that they name."""

import asyncio
import uuid

from domain.errors import BadIdError, ReadOnlyError
from domain.ids import LINK_EVENT, OPERATION, GlobalId, decode_id, encode_id
from domain.operations import LinkEvent, Operation, written
from domain.paging import Page, page_of
from domain.records import Record, RecordKind, RecordRef
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.customers import CustomerRecord, customer_by_id, customer_by_record, linked_of
from resolvers.loading import PageOf
from resolvers.selection import Wanted
from sources.own import link_events as trail
from sources.own import operations as log
from sources.own.store import OwnStore


def own_store(context: Context) -> OwnStore:
    """Be the gateway's own tables. Raises ReadOnlyError where there are none."""
    if context.stores.own is None:
        raise ReadOnlyError
    return context.stores.own


async def find_link_events(
    context: Context, asked: PageOf, wanted: Wanted, customer_id: str | None
) -> Connection[LinkEvent] | None:
    """List what was linked and cut loose, latest first: of one customer's records, or of all."""
    tenant, own = context.tenant, own_store(context)
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    records = None if customer_id is None else await _records_of(context, customer_id)
    count = begun(trail.count_events(own, tenant, records)) if wanted.count else None
    page: Page[LinkEvent] | None = None
    if wanted.page:
        page = page_of(request, await trail.events(own, tenant, records, request))
    return Connection(tenant, page, count)


async def _records_of(context: Context, customer_id: str) -> list[str]:
    customer = await customer_by_id(context, customer_id)
    if customer is None:
        return []
    linked = await linked_of(context, customer)
    records = zip(RecordKind, (customer.crm, linked.account, linked.delivery), strict=True)
    return [written(RecordRef(kind, record.key)) for kind, record in records if record is not None]


async def link_event_of(context: Context, given: GlobalId) -> LinkEvent | None:
    if given.tenant != context.tenant or not given.key.isdecimal() or int(given.key) >= 1 << 63:
        return None
    return await log.find_event(own_store(context), context.tenant, int(given.key))


async def operation_by_id(context: Context, text: str) -> Operation | None:
    """Find an operation. Raises BadIdError."""
    return await operation_of(context, decode_id(text, OPERATION))


async def operation_of(context: Context, given: GlobalId) -> Operation | None:
    try:
        id_ = uuid.UUID(given.key)
    except ValueError:
        raise BadIdError(given.key, OPERATION) from None
    if given.tenant != context.tenant:
        return None
    return await log.find_operation(own_store(context), context.tenant, id_)


def link_event_id(context: Context, event: LinkEvent) -> str:
    return encode_id(LINK_EVENT, context.tenant, str(event.id))


def undo_of_id(context: Context, event: LinkEvent) -> str | None:
    return None if event.undo_of is None else encode_id(LINK_EVENT, context.tenant, str(event.undo_of))


def undone_by_id(context: Context, event: LinkEvent) -> str | None:
    return None if event.undone_by is None else encode_id(LINK_EVENT, context.tenant, str(event.undone_by))


def operation_id(context: Context, operation: Operation) -> str:
    return encode_id(OPERATION, context.tenant, str(operation.id))


async def records_of_event(context: Context, event: LinkEvent) -> list[CustomerRecord]:
    return await asyncio.gather(*(record_of(context, ref) for ref in event.records))


async def record_of(context: Context, ref: RecordRef) -> CustomerRecord:
    """Be what the record *ref* says now; just its key where it is not there any more."""
    customer = await customer_by_record(context, ref)
    if customer is not None:
        linked = await linked_of(context, customer)
        record = {
            RecordKind.CRM: customer.crm,
            RecordKind.ACCOUNT: linked.account,
            RecordKind.DELIVERY: linked.delivery,
        }[ref.kind]
        if record is not None and record.key == ref.key:
            return CustomerRecord(ref.kind, record)
    return CustomerRecord(ref.kind, Record(key=ref.key))
