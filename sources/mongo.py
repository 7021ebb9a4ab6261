"""Login accounts and delivery records in MongoDB, through what the profile maps."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from domain.keyset import Beyond, Nulls, Phase, Ties, phases
from domain.paging import Direction, PageRequest, Position
from domain.records import Courier, Key, RecordKind
from domain.time import Period
from sources.mongo_connection import MongoConnection, Sort
from sources.mongo_forms import (
    Document,
    KeyForm,
    Query,
    after_key,
    all_of,
    fields_of,
    link_key,
    one_of,
    spellings,
    value_at,
)
from sources.mongo_orders import ByNothing, ByTime, DocumentOrder
from sources.mongo_records import AccountReader, CourierReader, DeliveryReader, Found, Links, RecordReader
from sources.mongo_scope import Tenant
from sources.profile import Profile
from sources.turns import Use

#: How many documents show what the keys of a collection are, and for how long it is taken to be empty.
_SAMPLE = 100
_EMPTY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Be some records in reading order; *ended* if there are no more behind them."""

    found: tuple[tuple[Position, Found], ...] = ()
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Be what records are narrowed by: a period of their creation, the keys that count."""

    created_in: Period | None = None
    only: AbstractSet[Key] | None = None


class MongoSource:
    """Read accounts and delivery records. Every method takes the tenant first; None where the store has none.

    Raises SourceUnavailableError while the store does not answer.
    """

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        self._connection = MongoConnection(url, seconds)
        zone = ZoneInfo(profile.store.timezone)
        self._readers: dict[RecordKind, RecordReader] = {}
        if profile.account is not None:
            self._readers[RecordKind.ACCOUNT] = AccountReader(profile.account, zone)
        if profile.delivery is not None:
            self._readers[RecordKind.DELIVERY] = DeliveryReader(profile.delivery, zone)
        self._couriers = None if profile.courier is None else CourierReader(profile.courier)
        revenue = profile.revenue
        #: Nobody but a CRM row has revenue: where the profile maps it, everybody else has none.
        self._has_revenue = revenue is not None and revenue.customer is not None
        self._forms: dict[RecordReader | CourierReader, tuple[KeyForm, float]] = {}

    @property
    def use(self) -> Use:
        return self._connection.use

    def close(self) -> None:
        self._connection.close()

    async def ping(self) -> None:
        await self._connection.ping()

    # ── records that are named ──

    async def by_key(self, tenant: Tenant, kind: RecordKind, keys: AbstractSet[Key]) -> Sequence[Found]:
        """Read the records of *kind* that have one of *keys*; a key without a record is left out.

        What is read is held against *keys* once more: beside odd values some servers find more than was asked for.
        """
        form = await self._form(self._readers[kind]) if keys else KeyForm.TEXT
        values = [value for value in map(form.parse, keys) if value is not None]
        if not values:
            return ()
        found = await self._find(tenant, kind, one_of(self._readers[kind].key, values))
        return [one for one in found if one.record.key in keys]

    async def by_partner(self, tenant: Tenant, kind: RecordKind, keys: AbstractSet[Key]) -> Sequence[Found]:
        """Read the records of *kind* that name one of *keys* as their partner."""
        found = await self._naming(tenant, kind, self._readers[kind].links.partner, keys)
        return [one for one in found if one.names.partner in keys]

    async def by_crm(self, tenant: Tenant, kind: RecordKind, keys: AbstractSet[Key]) -> Sequence[Found]:
        """Read the records of *kind* that name one of the CRM rows *keys*."""
        found = await self._naming(tenant, kind, self._readers[kind].links.crm, keys)
        return [one for one in found if one.names.crm in keys]

    async def _naming(
        self, tenant: Tenant, kind: RecordKind, field: str | None, keys: AbstractSet[Key]
    ) -> Sequence[Found]:
        values = spellings(keys)
        if field is None or not values:
            return ()
        return await self._find(tenant, kind, one_of(field, values))

    async def _find(self, tenant: Tenant, kind: RecordKind, condition: Query) -> Sequence[Found]:
        reader = self._readers[kind]
        form = await self._form(reader)
        query = all_of([*reader.scope.query(tenant), condition])
        documents = await self._connection.find(reader.collection, query, reader.fields)
        usable = (reader.read(document, form) for document in documents if reader.scope.holds(document, tenant))
        return [found for found in usable if found is not None]

    # ── records in order ──

    async def chunk(
        self,
        tenant: Tenant,
        kind: RecordKind,
        request: PageRequest,
        *,
        position: Position | None,
        size: int,
        created_in: Period | None,
        only: AbstractSet[Key] | None = None,
    ) -> Chunk:
        """Read up to *size* records of *kind* that follow *position*, as *request* reads the list.

        *only* are the keys of those that count, where they are known.
        """
        asked = Narrowed(created_in, only)
        found: list[tuple[Position, Found]] = []
        for steps in _together(phases(position, kind, request)):
            wanted = size - len(found)
            if wanted <= 0:
                return Chunk(tuple(found), ended=False)
            reads = (self._phase(tenant, kind, step, request, limit=wanted, asked=asked) for step in steps)
            found += [item for items in await asyncio.gather(*reads) for item in items]
        return Chunk(tuple(found[:size]), ended=len(found) < size)

    async def _phase(
        self,
        tenant: Tenant,
        kind: RecordKind,
        phase: Phase,
        request: PageRequest,
        *,
        limit: int,
        asked: Narrowed,
    ) -> list[tuple[Position, Found]]:
        reader = self._readers[kind]
        orders = self._orders(reader, request.order.field)
        how: dict[str, Any] = {"phase": phase, "request": request, "asked": asked, "limit": limit}
        if isinstance(phase, Nulls):
            return await self._read(tenant, kind, orders[-1] if orders else None, **how)
        reads = (self._read(tenant, kind, order, **how) for order in orders)
        found = [item for items in await asyncio.gather(*reads) for item in items]
        if len(orders) > 1:
            form = await self._form(reader)
            found.sort(key=lambda one: (one[0].value, form.parse(one[0].key)), reverse=_is_descending(request))
        return found[:limit]

    async def _read(
        self,
        tenant: Tenant,
        kind: RecordKind,
        order: DocumentOrder | None,
        *,
        phase: Phase,
        request: PageRequest,
        asked: Narrowed,
        limit: int,
    ) -> list[tuple[Position, Found]]:
        """Read up to *limit* records of *phase*, in *order*; by their keys where there is none."""
        reader = self._readers[kind]
        form = await self._form(reader)
        within = _within(reader, form, asked)
        is_dated = isinstance(order, ByTime) and asked.created_in is not None
        # What lies in a period has a date.
        conditions = [] if is_dated and phase == Beyond() else _conditions(reader, order, form, phase, request)
        undated = isinstance(order, ByTime) and isinstance(phase, Nulls)
        if conditions is None or within is None or (undated and asked.created_in is not None):
            return []
        query = all_of([*reader.scope.query(tenant), *conditions, *within])
        direction = -1 if _is_descending(request) else 1
        valued = None if isinstance(phase, Nulls) else order
        by = [] if valued is None or valued.field is None else [(valued.field, direction)]
        sort: Sort = [*by, (reader.key, direction)]
        most = limit
        while True:
            documents = await self._connection.find(reader.collection, query, reader.fields, sort=sort, limit=most)
            within_scope = (one for one in documents if reader.scope.holds(one, tenant))
            usable = ((one, reader.read(one, form)) for one in within_scope if valued is None or valued.is_one(one))
            result: list[tuple[Position, Found]] = []
            for document, found in usable:
                if found is not None:
                    value, mark = (None, None) if valued is None else valued.position(document)
                    result.append((Position(value, found.record.key, kind, mark), found))
            if len(result) >= limit or len(documents) < most:
                return result[:limit]
            # Documents whose key is of another kind are no records, and some are not what was asked for: read on.
            most *= 2

    def _orders(self, reader: RecordReader, field: str) -> tuple[DocumentOrder, ...]:
        """Find what *field* orders documents by: several where a name stands in one of several places, or nothing."""
        if field == "NAME":
            return reader.names
        if field == "TOTAL_REVENUE" and self._has_revenue:
            return (ByNothing(),)
        return (ByTime(reader.time),) if field == "CREATED_AT" and reader.time is not None else ()

    # ── all link fields ──

    async def links(self, tenant: Tenant, kind: RecordKind, created_in: Period | None) -> AsyncIterator[list[Links]]:
        """Go through the link fields of all records of *kind*, some thousands at a time."""
        reader = self._readers[kind]
        form = await self._form(reader)
        fields = fields_of(reader.key, reader.links.partner, reader.links.crm, reader.created_at, *reader.status_fields)
        async for documents in self._stream(tenant, reader, fields):
            yield [one for one in (reader.read_links(document, form, created_in) for document in documents) if one]

    async def all_records(self, tenant: Tenant, kind: RecordKind) -> AsyncIterator[list[Found]]:
        """Go through all records of *kind*, some thousands at a time."""
        reader = self._readers[kind]
        form = await self._form(reader)
        async for documents in self._stream(tenant, reader, reader.fields):
            yield [one for one in (reader.read(document, form) for document in documents) if one is not None]

    async def tenant_keys(self, kind: RecordKind) -> set[Key]:
        """List what the records of *kind* name as their tenant: a walk through the whole collection."""
        reader, found = self._readers[kind], set[Key]()
        scope = reader.scope
        if scope.tenant is None:
            return found
        async for documents in self._connection.stream(reader.collection, all_of(scope.any_tenant), [scope.tenant]):
            found.update(key for key in (link_key(value_at(one, scope.tenant)) for one in documents) if key)
        return found

    # ── couriers ──

    async def couriers(self, tenant: Tenant) -> Sequence[Courier]:
        """List the couriers by name, those without one last."""
        reader = self._couriers
        if reader is None:
            return ()
        found = await self._read_couriers(tenant, reader, [])
        return sorted(found, key=lambda one: (one.name is None, one.name or "", one.key))

    async def couriers_by_key(self, tenant: Tenant, keys: Collection[Key]) -> Mapping[Key, Courier]:
        reader = self._couriers
        if reader is None or not keys:
            return {}
        form = await self._form(reader)
        values = [value for value in map(form.parse, keys) if value is not None]
        if not values:
            return {}
        found = await self._read_couriers(tenant, reader, [one_of(reader.key, values)])
        return {one.key: one for one in found}

    async def _read_couriers(
        self, tenant: Tenant, reader: CourierReader, conditions: Sequence[Query]
    ) -> Sequence[Courier]:
        query, form = all_of([*reader.scope.query(tenant), *conditions]), await self._form(reader)
        documents = await self._connection.find(reader.collection, query, reader.fields)
        usable = (reader.read(document, form) for document in documents if reader.scope.holds(document, tenant))
        return [one for one in usable if one is not None]

    # ── how ──

    async def _stream(
        self, tenant: Tenant, reader: RecordReader | CourierReader, fields: Sequence[str]
    ) -> AsyncIterator[list[Document]]:
        """Go through all documents of *tenant* in *reader*'s collection, with *fields* and those of the scope."""
        scope, query = reader.scope, all_of(reader.scope.query(tenant))
        async for documents in self._connection.stream(reader.collection, query, fields_of(*fields, *scope.fields)):
            yield [one for one in documents if scope.holds(one, tenant)]

    # ── for whoever writes ──

    @property
    def connection(self) -> MongoConnection:
        return self._connection

    @property
    def readers(self) -> Mapping[RecordKind, RecordReader]:
        return self._readers

    async def form(self, kind: RecordKind) -> KeyForm:
        """Say what the keys of *kind* are."""
        return await self._form(self._readers[kind])

    async def _form(self, reader: RecordReader | CourierReader) -> KeyForm:
        """Learn what the keys of *reader*'s collection are: what most of its first documents have.

        An empty collection is looked at again a little later.
        """
        known, until = self._forms.get(reader, (KeyForm.TEXT, 0.0))
        if time.monotonic() < until:
            return known
        first = await self._connection.find(
            reader.collection, all_of(reader.scope.any_tenant), [reader.key], limit=_SAMPLE
        )
        forms = Counter(form for form in map(KeyForm.of, map(reader.key_at, first)) if form is not None)
        if forms:
            self._forms[reader] = forms.most_common(1)[0][0], math.inf
        else:
            self._forms[reader] = KeyForm.TEXT, time.monotonic() + _EMPTY_SECONDS
        return self._forms[reader][0]


def _together(steps: Sequence[Phase]) -> Iterator[Sequence[Phase]]:
    """Group the phases that are asked at the same time: the ties and what lies beyond them."""
    if len(steps) > 1 and isinstance(steps[0], Ties):
        yield steps[:2]
        steps = steps[2:]
    for step in steps:
        yield (step,)


def _conditions(
    reader: RecordReader, order: DocumentOrder | None, form: KeyForm, phase: Phase, request: PageRequest
) -> list[Query] | None:
    """Say what a document of *phase* fulfils; None where there can be none."""
    ascending = not _is_descending(request)
    if isinstance(phase, Nulls):
        without: Query | None = {} if order is None else order.without()
        return None if without is None else [without, *after_key(reader.key, phase, form, ascending=ascending)]
    if order is None:
        return None
    if isinstance(phase, Beyond):
        beyond = order.beyond(phase, ascending=ascending)
        return None if beyond is None else [beyond]
    after, ties = after_key(reader.key, phase, form, ascending=ascending), order.ties(phase)
    return None if ties is None else [ties, *after]


def _within(reader: RecordReader, form: KeyForm, asked: Narrowed) -> list[Query] | None:
    """Say what a document fulfils that is *asked* for; None where there can be none."""
    if asked.created_in is not None and reader.time is None:
        return None
    within = [] if reader.time is None else reader.time.within(asked.created_in)
    if asked.only is not None:
        keys = [key for key in map(form.parse, sorted(asked.only)) if key is not None]
        if not keys:
            return None
        within.append(one_of(reader.key, keys))
    return within


def _is_descending(request: PageRequest) -> bool:
    return request.reading is Direction.DESC
