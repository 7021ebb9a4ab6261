"""Find customers, and say of one what no single record says."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from domain.along import LINKED, Along
from domain.columns import Heads
from domain.errors import SourceError, SourceUnavailableError
from domain.identity import Members, link_state
from domain.ids import BOOKING, CUSTOMER, GlobalId, decode_id, encode_id, encode_ids
from domain.records import (
    UNLINKED,
    AccountRecord,
    BookingNote,
    CrmRecord,
    Customer,
    DeliveryRecord,
    Linked,
    LinkState,
    Record,
    RecordKind,
    RecordRef,
    Stats,
)
from domain.written import Fields, WrittenAnswer
from loaders.batched import Ask
from loaders.customers import customer_along
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.counting import count_customers
from resolvers.loading import PageOf
from resolvers.merge import Merge
from resolvers.searching import choose
from resolvers.selection import Wanted
from resolvers.written import is_of_rows, written_customer, written_page

_LAST_TOUCHED = frozenset({"last_touched_at"})
#: What is asked for by whatever reads all records.
OF_EACH = (Along(LINKED, "of each", frozenset()),)
#: What `last_contact_at_of` asks for.
TOUCHED = (
    Along("lead_stats_by_customer", None, _LAST_TOUCHED),
    Along("booking_stats_by_customer", None, _LAST_TOUCHED),
)


def where_silent(attribute: str) -> tuple[Along, ...]:
    """Say what is asked for by whatever reads other records where the CRM row does not say *attribute*."""
    return (Along(LINKED, "where silent", frozenset({attribute})),)


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """Be what one *store* says of a customer."""

    store: RecordKind
    record: Record

    @property
    def key(self) -> str:
        return self.record.key

    @property
    def name(self) -> str | None:
        return self.record.name

    @property
    def email(self) -> str | None:
        return self.record.email

    @property
    def phone(self) -> str | None:
        return self.record.phone

    @property
    def created_at(self) -> datetime | None:
        return self.record.created_at


async def find_customers(context: Context, asked: PageOf, wanted: Wanted) -> Connection[Customer] | WrittenAnswer:
    """List the customers of all stores, by creation of their head record."""
    tenant = context.tenant
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page, kinds=True)
    who = await choose(context.stores, tenant, asked.chosen)
    if wanted.written is not None and who.only is None and is_of_rows(context.stores, who.choice):
        answer = await written_page(context.stores, tenant, who.choice, request, wanted.written)
        if answer is not None:
            return answer
    count = begun(count_customers(context.stores, tenant, who, context.limits)) if wanted.count else None
    merge = Merge(context.stores, tenant, who.choice, request, who.only, picks=wanted.picks, along=wanted.along)
    page = await merge.page() if wanted.page else None
    context.loaders.know(merge.known)
    return Connection(tenant, page, count)


async def customer_by_id(context: Context, text: str, along: Sequence[Along] = ()) -> Customer | None:
    """Find the customer that owns the id *text*: that of any of its records. Raises BadIdError.

    *along*: what will be asked for of what belongs to it.
    """
    return await customer_of(context, decode_id(text, CUSTOMER), along)


async def customer_answer(
    context: Context, text: str, along: Sequence[Along], written: Fields | None
) -> Customer | WrittenAnswer | None:
    """Find a customer as `customer_by_id` does, or what its store has *written* of it."""
    given = decode_id(text, CUSTOMER)
    is_of_row = given.tenant == context.tenant and given.kind is RecordKind.CRM
    if written is not None and is_of_row and context.stores.kinds == (RecordKind.CRM,):
        is_written, answer = await written_customer(context.stores, context.tenant, given.key, written)
        if is_written:
            return answer
    return await customer_of(context, given, along)


async def customer_of(context: Context, given: GlobalId, along: Sequence[Along] = ()) -> Customer | None:
    if given.tenant != context.tenant:
        return None
    return await customer_by_record(context, given.record, along)


async def customer_by_record(context: Context, ref: RecordRef, along: Sequence[Along] = ()) -> Customer | None:
    if ref.kind not in context.stores.kinds:
        return None
    along = [asked for asked in along if asked.loader != LINKED]
    if along and ref.kind is RecordKind.CRM:
        found, known = await customer_along(context.stores, context.tenant, ref.key, along)
        context.loaders.know(known)
        return found
    loaded: Customer | None = await context.loaders.customers_by_record.load(ref)
    return loaded


def customer_id(context: Context, customer: Customer) -> str:
    return encode_id(CUSTOMER, context.tenant, customer.head.key, customer.head.kind)


def customer_ids(context: Context, customers: Sequence[Customer]) -> list[str]:
    if isinstance(customers, Heads):
        return encode_ids(CUSTOMER, context.tenant, customers.keys, RecordKind.CRM)
    heads = [customer.head for customer in customers]
    kinds = {kind for kind, _ in heads}
    if len(kinds) == 1:
        return encode_ids(CUSTOMER, context.tenant, [key for _, key in heads], kinds.pop())
    return [encode_id(CUSTOMER, context.tenant, key, kind) for kind, key in heads]


# ── what the records of a customer say together ──


async def linked_of(context: Context, customer: Customer) -> Linked:
    """Find what the other stores hold of *customer*, unless that is known already."""
    if customer.linked is not None:
        return customer.linked
    if context.loaders.linked_by_customer is None:
        return UNLINKED
    linked: Linked = await context.loaders.linked_by_customer.load(customer.head.key)
    return linked


def _crm_first(customer: Customer) -> None:
    """Refuse to let another record speak where the CRM's would come first, and cannot be asked."""
    if customer.crm_down and customer.head.kind is RecordKind.CRM:
        raise SourceUnavailableError("postgres")


async def _first(context: Context, customer: Customer, attribute: str) -> Any:
    """Answer the first record's *attribute* that says something: CRM, ACCOUNT, DELIVERY."""
    return _first_said(customer, await linked_of(context, customer), attribute)


def _first_said(customer: Customer, linked: Linked, attribute: str) -> Any:
    said = (
        getattr(record, attribute) for record in (customer.crm, linked.account, linked.delivery) if record is not None
    )
    return next((one for one in said if one is not None), None)


def first_of(context: Context, customer: Customer, attribute: str) -> Any:
    """Answer *attribute* at once where that is known, else find out whether another record says it."""
    _crm_first(customer)
    own = None if customer.crm is None else getattr(customer.crm, attribute)
    if own is not None or (customer.linked is None and not context.stores.mongo_kinds):
        return own
    if customer.linked is None:
        return _first(context, customer, attribute)
    return _first_said(customer, customer.linked, attribute)


def first_of_each(context: Context, customers: Sequence[Customer], attribute: str) -> list[Any]:
    """Answer `first_of` each of *customers*; what cannot be asked is an exception in its place."""
    found = _of_rows(customers, attribute)
    if found is None:
        read = attrgetter(attribute)
        found = [None if customer.crm is None else read(customer.crm) for customer in customers]
    elif not context.stores.mongo_kinds:
        return found
    return [
        _first_or_error(context, customers[place], attribute) if own is None else own for place, own in enumerate(found)
    ]


def _first_or_error(context: Context, customer: Customer, attribute: str) -> Any:
    try:
        return first_of(context, customer, attribute)
    except SourceError as error:
        return error


def name_of(context: Context, customer: Customer) -> Any:
    """Answer the first non-empty name of the records; e-mail, phone or key where no record has one."""
    if customer.crm is not None and customer.crm.name is not None:
        return customer.crm.name
    return _name(context, customer)


def names_of(context: Context, customers: Sequence[Customer]) -> list[Any]:
    """Answer `name_of` each of *customers*."""
    own = _of_rows(customers, "name")
    if own is None:
        return [name_of(context, customer) for customer in customers]
    if None not in own:
        return own
    if isinstance(customers, Heads) and not context.stores.mongo_kinds:
        said = zip(own, customers.column("email"), customers.column("phone"), customers.keys, strict=True)
        return [name or email or phone or key for name, email, phone, key in said]
    return [name_of(context, customers[place]) if name is None else name for place, name in enumerate(own)]


async def _name(context: Context, customer: Customer) -> str:
    """Pass over a store that is down: every customer is called something."""
    for attribute in ("name", "email", "phone"):
        try:
            found: str | None = await _first(context, customer, attribute)
        except SourceError:
            found = getattr(customer.crm, attribute, None)
        if found is not None:
            return found
    return customer.head.key


def head_of(customer: Customer) -> Record | None:
    """Find the head record; it is at hand wherever a customer is."""
    _crm_first(customer)
    if customer.crm is not None or customer.linked is None:
        return customer.crm
    return customer.linked.account if customer.head.kind is RecordKind.ACCOUNT else customer.linked.delivery


def read_of_heads(customers: Sequence[Customer], read: Callable[[Customer], Any], attribute: str) -> list[Any]:
    """Answer *read* of each of *customers*, which is *attribute* of the CRM row of those that it heads."""
    said = _of_rows(customers, attribute)
    if said is not None:
        return said
    own = attrgetter(attribute)
    return [read(customer) if customer.crm is None else own(customer.crm) for customer in customers]


def _of_rows(customers: Sequence[Customer], attribute: str) -> list[Any] | None:
    """List what the CRM rows of *customers* say; None where not each has one."""
    if isinstance(customers, Heads):
        return customers.column(attribute)
    rows = [customer.crm for customer in customers]
    return None if None in rows else list(map(attrgetter(attribute), rows))


def source_of(customer: Customer) -> str | None:
    head = head_of(customer)
    return head.source if isinstance(head, CrmRecord) else None


def created_at_of(customer: Customer) -> datetime | None:
    """Answer when the head record was created."""
    head = head_of(customer)
    return None if head is None else head.created_at


async def first_seen_at_of(context: Context, customer: Customer) -> datetime | None:
    """Answer the earliest creation of any of the records."""
    _crm_first(customer)
    seen = [one.created_at for one in await records_of(context, customer) if one.created_at is not None]
    return min(seen, default=None)


async def records_of(context: Context, customer: Customer) -> list[CustomerRecord]:
    """List the records of *customer*: CRM, ACCOUNT, DELIVERY."""
    _crm_first(customer)
    linked = await linked_of(context, customer)
    records = zip(RecordKind, (customer.crm, linked.account, linked.delivery), strict=True)
    return [CustomerRecord(kind, record) for kind, record in records if record is not None]


def account_of(context: Context, customer: Customer) -> AccountRecord | Awaitable[AccountRecord | None] | None:
    """Answer at once where that is known, as of all customers on a page."""
    return _account_of(context, customer) if customer.linked is None else customer.linked.account


async def _account_of(context: Context, customer: Customer) -> AccountRecord | None:
    return (await linked_of(context, customer)).account


def delivery_of(context: Context, customer: Customer) -> DeliveryRecord | Awaitable[DeliveryRecord | None] | None:
    """Answer at once where that is known, as of all customers on a page."""
    return _delivery_of(context, customer) if customer.linked is None else customer.linked.delivery


async def _delivery_of(context: Context, customer: Customer) -> DeliveryRecord | None:
    return (await linked_of(context, customer)).delivery


async def linkage_of(context: Context, customer: Customer) -> LinkState:
    _crm_first(customer)
    linked = await linked_of(context, customer)
    members = Members(
        customer.crm_key,
        linked.account.key if linked.account else None,
        linked.delivery.key if linked.delivery else None,
    )
    return link_state(members, context.stores.kinds, contradicted=linked.conflict)


def last_contact_at_of(context: Context, customer: Customer) -> Any:
    """Answer the latest of what the CRM row says, and of when its leads and bookings were created or updated."""
    _crm_first(customer)
    if customer.crm_key is None:
        return None
    asked = Ask(customer.crm_key, picks=_LAST_TOUCHED)
    loaders = (context.loaders.lead_stats_by_customer, context.loaders.booking_stats_by_customer)
    # Asked for at once, together with what else is selected of these tables.
    stats = [loader.load(asked) for loader in loaders if loader is not None]
    return _last_contact_at(customer.crm, stats)


async def _last_contact_at(crm: CrmRecord | None, stats: Sequence[Awaitable[Stats]]) -> datetime | None:
    touched = [one.last_touched_at for one in await asyncio.gather(*stats)]
    said = None if crm is None else crm.last_contact_at
    return max((at for at in (said, *touched) if at is not None), default=None)


def analytics_of(context: Context, customer: Customer) -> Customer | None:
    """Be whose bookings are counted; None where the profile does not say whose bookings are."""
    _crm_first(customer)
    return None if context.loaders.booking_stats_by_customer is None else customer


def analytics_of_each(context: Context, customers: Sequence[Customer]) -> list[Any] | Heads:
    """Answer `analytics_of` each of *customers*."""
    if isinstance(customers, Heads) and context.loaders.booking_stats_by_customer is not None:
        return customers
    found: list[Any] = []
    for customer in customers:
        try:
            found.append(analytics_of(context, customer))
        except SourceError as error:
            found.append(error)
    return found


def booking_of_note_id(context: Context, note: BookingNote) -> str:
    return encode_id(BOOKING, context.tenant, note.booking_key)
