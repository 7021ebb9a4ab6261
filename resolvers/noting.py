"""Write notes about customers, and find them."""

from dataclasses import dataclass
from typing import Any

from domain.errors import BadIdError
from domain.filters import Children
from domain.ids import NOTE, GlobalId, encode_id
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.notes import Note
from domain.records import Customer, RecordKind, RecordRef
from loaders.batched import Ask
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.customers import customer_by_id, linked_of
from resolvers.link_events import own_store
from resolvers.loading import COUNT, PageOf
from resolvers.mutating import LONGEST_KEY, sent_of, subject_of, text_faults
from resolvers.selection import Wanted
from sources.own import notes
from sources.own.idempotency import OtherInputError, keep, keep_result

_LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Be what came of adding a note."""

    note: Note | None = None
    errors: tuple[UserError, ...] = ()


async def add_note(context: Context, customer_id: str, text: str, key: str | None) -> Noted:
    """Keep a note about a customer. Raises ReadOnlyError where this gateway only reads."""
    own, tenant, text = own_store(context), context.tenant, text.strip()
    faults = text_faults({"text": (text, _LONGEST), "idempotencyKey": (key, LONGEST_KEY)})
    if not text:
        faults.append(UserError(ErrorCode.REQUIRED, "A note says something.", ("text",)))
    if faults:
        return Noted(errors=tuple(faults))
    sent = sent_of(context, "addNote", key, [customer_id, text])
    try:
        async with own.transaction() as connection:
            before = None if sent is None else await keep(connection, tenant, sent, {})
            if before is None:
                head = await _head_of(context, customer_id)
                id_ = await notes.add(connection, tenant, head, subject_of(context), text)
                if sent is not None:
                    await keep_result(connection, tenant, sent, {"note": id_})
            else:
                id_ = before["note"]
    except RefusedError as refusal:
        return Noted(errors=refusal.errors)
    except OtherInputError:
        message = "This idempotencyKey came with another input before."
        return Noted(errors=(UserError(ErrorCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",)),))
    context.forget()
    return Noted(note=await notes.find(own, tenant, id_))


async def _head_of(context: Context, customer_id: str) -> RecordRef:
    try:
        customer = await customer_by_id(context, customer_id)
    except BadIdError as error:
        raise RefusedError(UserError(ErrorCode.INVALID, str(error), ("customerId",))) from None
    if customer is None:
        raise RefusedError(UserError(ErrorCode.NOT_FOUND, "There is no such customer.", ("customerId",)))
    return customer.head


async def notes_of(context: Context, customer: Customer, asked: PageOf, wanted: Wanted) -> Connection[Note] | None:
    """List the notes of *customer*, whichever of its records they were written about; None where none are kept."""
    pages, counts = context.loaders.notes_by_customer, context.loaders.note_stats_by_customer
    if pages is None or counts is None:
        return None
    request = asked.page.request(asked.order, context.tenant, longest=context.limits.max_page)
    owner = notes.owner_of(await refs_of(context, customer))

    async def counted() -> int:
        stats: Any = await counts.load(Ask(owner, None, COUNT))
        return int(stats.count)

    count = begun(counted()) if wanted.count else None
    page = await pages.load(Ask(owner, Children(request, None))) if wanted.page else None
    return Connection(context.tenant, page, count)


async def refs_of(context: Context, customer: Customer) -> list[RecordRef]:
    """List the records of *customer* as links have them."""
    linked = await linked_of(context, customer)
    crm = customer.head if customer.head.kind is RecordKind.CRM else None
    others = {RecordKind.ACCOUNT: linked.account, RecordKind.DELIVERY: linked.delivery}
    found = [RecordRef(kind, record.key) for kind, record in others.items() if record is not None]
    return [*([crm] if crm is not None else []), *found]


async def note_of(context: Context, given: GlobalId) -> Note | None:
    if given.tenant != context.tenant or not given.key.isdecimal() or int(given.key) >= 1 << 63:
        return None
    return await notes.find(own_store(context), context.tenant, int(given.key))


def note_id(context: Context, note: Note) -> str:
    return encode_id(NOTE, context.tenant, str(note.id))
