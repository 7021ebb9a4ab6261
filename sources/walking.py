"""Walk through everything that customers and leads are found by, in lots, whichever store it is in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.filters import CustomerRows
from domain.identifiers import IndexedKind
from domain.keyset import Nulls
from domain.records import Key, Lead, Record, RecordKind
from domain.time import Period
from sources.mongo import MongoSource
from sources.mongo_forms import Document, Query, after_key, all_of
from sources.mongo_records import Found
from sources.postgres_reading import Tenant
from sources.storable import is_storable
from sources.stores import Stores


@dataclass(frozen=True, slots=True)
class Lot:
    """Be some *records* in the order of their keys; nothing follows where they are fewer than asked for."""

    records: Sequence[Record | Lead]
    ended: bool

    @property
    def last(self) -> Key | None:
        return self.records[-1].key if self.records else None


def indexed_kinds(stores: Stores) -> tuple[IndexedKind, ...]:
    """List the kinds of records that the profile maps; leads where they have something to be found by themselves."""
    lead = stores.profile.lead
    found = [IndexedKind.of(kind) for kind in stores.kinds]
    return (*found, IndexedKind.LEAD) if lead is not None and (lead.name or lead.email or lead.phone) else (*found,)


async def records_after(
    stores: Stores,
    tenant: Tenant,
    kind: IndexedKind,
    after: Key | None,
    *,
    size: int,
    created_in: Period | None = None,
) -> Lot:
    """Read up to *size* records of *kind* that follow the key *after*, in the order that their store gives keys."""
    if kind is IndexedKind.CRM:
        customers = await stores.crm.customers_after(tenant, after, size, created_in)
        return Lot(customers, ended=len(customers) < size)
    if kind is IndexedKind.LEAD:
        leads = await stores.crm.leads_after(tenant, after, size, created_in)
        return Lot(leads, ended=len(leads) < size)
    asked = RecordKind(kind.value)
    found = await _documents_after(stores.documents, tenant, asked, after, size=size, created_in=created_in)
    return Lot([one.record for one in found], ended=len(found) < size)


async def living(stores: Stores, tenant: Tenant, kind: IndexedKind, keys: Collection[Key]) -> set[Key]:
    """Say which of *keys* are those of records of *kind* that exist."""
    if kind is IndexedKind.CRM:
        return await stores.crm.living_customers(tenant, keys)
    if kind is IndexedKind.LEAD:
        return set(await stores.crm.leads_by_key(tenant, keys))
    found = await stores.documents.by_key(tenant, RecordKind(kind.value), set(keys))
    return {one.record.key for one in found}


async def about_how_many(stores: Stores, tenant: Tenant, kind: IndexedKind) -> int | None:
    """Say how many records of *kind* there are, for whoever waits; None where only counting them could tell."""
    if kind is IndexedKind.CRM:
        return await stores.crm.count_customers(tenant, CustomerRows())
    if kind is IndexedKind.LEAD:
        return await stores.crm.count_leads(tenant, None)
    reader = stores.documents.readers[RecordKind(kind.value)]
    return None if reader.scope.fields else await stores.documents.connection.about_how_many(reader.collection)


async def _documents_after(
    documents: MongoSource, tenant: Tenant, kind: RecordKind, after: Key | None, *, size: int, created_in: Period | None
) -> Sequence[Found]:
    reader, form = documents.readers[kind], await documents.form(kind)
    if created_in is not None and reader.time is None:
        return []
    if after is not None and form.parse(after) is None:
        return []  # the keys are of another kind by now
    within: list[Query] = [] if reader.time is None else reader.time.within(created_in)
    onwards = after_key(reader.key, Nulls(after), form, ascending=True)
    query = all_of([*reader.scope.query(tenant), *onwards, *within])

    def usable(document: Document) -> bool:
        dated = created_in is None or reader.time is None or reader.time.is_one(document)
        return dated and reader.scope.holds(document, tenant)

    asked = size
    while True:
        read = await documents.connection.find(
            reader.collection, query, reader.fields, sort=[(reader.key, 1)], limit=asked
        )
        records = (reader.read(document, form) for document in read if usable(document))
        found = [one for one in records if one is not None and is_storable(one.record.key)]
        if len(found) >= size or len(read) < asked:
            return found[:size]
        # Documents whose key is of another kind are no records, and what no index can keep is left out: read on.
        asked *= 2
